import { expect, setDefaultTimeout, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { closing, until } from "../support/cleanup.ts"
import { connect, connectToEach } from "../support/connections.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { ASK, CHAT, over, startWorkers } from "./router.ts"

setDefaultTimeout(60_000)
const use = closing()

/** What `/admin/health` says of the one deployment. */
async function figures(url: string) {
  const response = await fetch(`${url}/admin/health`, { keepalive: false })
  const { deployments } = (await response.json()) as {
    deployments: { traffic: { inFlight: number; requests: number } }[]
  }
  return deployments[0]!.traffic
}

/** Requests under way; undefined for whoever has met a process that is just being killed. */
async function inFlight(url: string): Promise<number | undefined> {
  const known = await figures(url).catch(() => undefined)
  return known?.inFlight
}

test("a worker that is killed loses only what it had under way, and another one takes its place", async () => {
  const upstream = await use(startUpstream({ script: "ok" }))
  const router = await use(startWorkers(over([upstream])))
  const before = router.workers()
  const [dead, left] = await router.connections()
  for (const each of [dead!, left!, dead!]) {
    expect((await each.post(CHAT, ASK)).status).toBe(200)
  }
  upstream.script("gate")
  const lost = dead!.post(CHAT, ASK)
  const kept = left!.post(CHAT, ASK)
  await upstream.waitFor(() => upstream.count() === 5)
  expect((await figures(router.url)).inFlight).toBe(2)
  process.kill(dead!.pid, "SIGKILL")
  await expect(lost).rejects.toThrow("the connection was closed")
  // What the dead one had under way is over for those who are left.
  await until(async () => (await inFlight(router.url)) === 1)
  upstream.script("ok")
  for (const { gate } of upstream.requests) gate.open()
  expect((await kept).status).toBe(200)
  await until(() => router.workers().filter((pid) => pid !== dead!.pid).length === 2)
  // It knows what was before it came: the requests of this minute.
  const now = await connectToEach(router.url, router.workers())
  const fresh = now.find(({ pid }) => !before.includes(pid))!
  expect((await fresh.post(CHAT, ASK)).status).toBe(200)
  expect(await figures(router.url)).toEqual(expect.objectContaining({ inFlight: 0, requests: 6 }))
  expect(router.output()).toContain("a worker has ended, another one takes its place")
  // Three before, one that was kept, one by the fresh one.
  await until(() => router.rows().length === 5)
})

test("a worker that is killed under load takes no request of the other with it, and no row", async () => {
  const upstream = await use(startUpstream({ script: "ok" }))
  const router = await use(startWorkers(over([upstream])))
  const pids = router.workers()
  const connections = await Promise.all(Array.from({ length: 24 }, () => connect(router.url, pids)))
  expect(new Set(connections.map(({ pid }) => pid)).size).toBe(2)
  const dead = connections[0]!.pid
  let answered = 0
  let broken = 0
  const load = connections.map(async (each) => {
    for (let n = 0; n < 40; n++) {
      const answer = await each.post(CHAT, ASK).catch(() => undefined)
      if (!answer) {
        expect(each.pid).toBe(dead)
        broken++
        return
      }
      expect(answer.status).toBe(200)
      answered++
    }
  })
  await until(() => answered > 200)
  process.kill(dead, "SIGKILL")
  await Promise.all(load)
  const lost = connections.filter(({ pid }) => pid === dead).length
  expect(broken).toBe(lost)
  // Each answer that somebody got has a row, of the dead worker too; what it had under way may have one.
  await until(() => router.rows().length >= answered)
  expect(router.rows().length).toBeLessThanOrEqual(answered + lost)
  await until(async () => (await inFlight(router.url)) === 0)
})

test("when all workers are killed at once, others serve in their places", async () => {
  const upstream = await use(startUpstream({ script: "ok" }))
  const router = await use(startWorkers(over([upstream])))
  // After a reload nobody can begin with the beginning: somebody has to be the first again.
  writeFileSync(router.file, JSON.stringify(over([upstream], { retries: 7 })))
  router.kill("SIGHUP")
  await until(() => router.output().includes("config reloaded"))
  const before = router.workers()
  for (const pid of before) process.kill(pid, "SIGKILL")
  await until(() => {
    const now = router.workers()
    return now.length === 2 && !now.some((pid) => before.includes(pid))
  })
  await until(() => fetch(`${router.url}/health/ready`).catch(() => undefined))
  for (const each of await router.connections()) {
    expect((await each.post(CHAT, ASK)).status).toBe(200)
  }
  expect((await figures(router.url)).requests).toBe(2)
})

test("workers whose parent is killed end by themselves", async () => {
  const upstream = await use(startUpstream({ script: "ok" }))
  const router = await use(startWorkers(over([upstream])))
  const pids = router.workers()
  router.kill("SIGKILL")
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  await until(() => !pids.some(isAlive))
})
