import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { closing, until } from "../support/cleanup.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { ASK, CHAT, over, startWorkers } from "./router.ts"

setDefaultTimeout(60_000)
const use = closing()

/** What `/admin/health` says of the first deployment. */
async function firstDeployment(url: string) {
  const response = await fetch(`${url}/admin/health`, { keepalive: false })
  const { deployments } = (await response.json()) as {
    deployments: { breaker: { state: string }; traffic: { inFlight: number; requests: number } }[]
  }
  return deployments[0]!
}

describe("two workers", () => {
  test("serve one port, and say so once", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const router = await use(startWorkers(over([upstream])))
    expect(router.workers()).toHaveLength(2)
    const connections = await router.connections()
    for (const connection of connections) {
      expect((await connection.post(CHAT, ASK)).status).toBe(200)
    }
    expect(upstream.count()).toBe(2)
    expect(router.output().match(/listening|LLM Router/g)).toHaveLength(1)
    const { traffic } = await firstDeployment(router.url)
    expect(traffic).toMatchObject({ inFlight: 0, requests: 2 })
  })

  test("have one breaker: what one saw fail the other does not try", async () => {
    const broken = await use(startUpstream({ script: "status:500" }))
    const well = await use(startUpstream({ script: "ok" }))
    const router = await use(
      startWorkers(
        over([broken, well], {
          breaker: { failures: 5, rate: 0 },
          cooldown: { server: "0s" },
          retries: 0,
        }),
      ),
    )
    const [one, other] = await router.connections()
    for (let n = 0; n < 5; n++) {
      expect(broken.count()).toBe(n)
      await (n % 2 === 0 ? one! : other!).post(CHAT, ASK)
    }
    expect(broken.count()).toBe(5)
    for (let n = 0; n < 20; n++) {
      expect((await (n % 2 === 0 ? one! : other!).post(CHAT, ASK)).status).toBe(200)
    }
    expect(broken.count()).toBe(5)
    expect((await firstDeployment(router.url)).breaker.state).toBe("open")
  })

  test("take over a new config together, and a bad one not at all", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const router = await use(startWorkers(over([upstream])))
    const connections = await router.connections()
    const statuses = (model: string) =>
      Promise.all(
        connections.map(async (each) => (await each.post(CHAT, { ...ASK, model })).status),
      )
    expect(await statuses("h")).toEqual([404, 404])
    const { groups, ...rest } = over([upstream]) as { groups: object }
    writeFileSync(router.file, JSON.stringify({ ...rest, groups: { ...groups, h: ["u0/ok"] } }))
    router.kill("SIGHUP")
    await until(async () => (await statuses("h")).every((status) => status === 200))
    writeFileSync(router.file, JSON.stringify({ ...rest, groups: { g: ["nowhere/ok"] } }))
    const answers = await Promise.all(
      connections.map(() => fetch(`${router.url}/admin/reload`, { method: "POST" })),
    )
    expect(answers.map(({ status }) => status)).toEqual([422, 422])
    expect(await statuses("h")).toEqual([200, 200])
    for (const each of connections) {
      expect((await each.post("/admin/reload", {})).status).toBe(422)
    }
    expect(router.output()).toContain("config not taken")
  })

  test("are what the config asks for, also where nothing is stored; another number takes a restart", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const config = (workers: number) => over([upstream], { server: { workers }, storage: false })
    const router = await use(startWorkers(config(2), []))
    expect(router.workers()).toHaveLength(2)
    for (const each of await router.connections()) {
      expect((await each.post(CHAT, ASK)).status).toBe(200)
    }
    writeFileSync(router.file, JSON.stringify(config(1)))
    router.kill("SIGHUP")
    await until(() => router.output().includes("config reloaded"))
    expect(router.output().match(/server.workers has changed/g)).toHaveLength(1)
    expect(router.workers()).toHaveLength(2)
  })

  test("end what is under way when they are asked to end, and store all of it", async () => {
    const upstream = await use(startUpstream({ script: "slow:300ms|ok" }))
    const router = await use(startWorkers(over([upstream])))
    const connections = await router.connections()
    const answers = connections.map((each) => each.post(CHAT, ASK))
    await upstream.waitFor(() => upstream.count() === 2)
    router.kill("SIGTERM")
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200])
    expect(await router.exited).toBe(0)
    expect(router.rows()).toHaveLength(2)
  })

  test("are not started on a port that another router shares", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const router = await use(startWorkers(over([upstream])))
    const { port } = new URL(router.url)
    const again = startWorkers(over([upstream]), ["--workers", "2", "--port", port])
    await expect(again).rejects.toThrow(`port ${port} on 127.0.0.1 is in use`)
    const alone = startWorkers(over([upstream]), ["--port", port])
    await expect(alone).rejects.toThrow(`port ${port} on 127.0.0.1 is in use`)
  })
})
