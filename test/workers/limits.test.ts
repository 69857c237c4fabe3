import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { connect } from "../support/connections.ts"
import { closing, until } from "../support/cleanup.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { ASK, CHAT, startWorkers, type WorkersRouter } from "./router.ts"

setDefaultTimeout(60_000)
const use = closing()

/** An upstream that takes its time, and knows how many requests it had at once. */
async function startSlow(ms: number) {
  const seen = { now: 0, most: 0 }
  const upstream = await use(
    startUpstream({
      async script() {
        seen.most = Math.max(seen.most, ++seen.now)
        await Bun.sleep(ms)
        seen.now--
        return "ok"
      },
    }),
  )
  return { ...upstream, seen, url: upstream.url, count: upstream.count }
}

/** A group `g` with one deployment. */
function limited(url: string, model: object, rest: { provider?: object; group?: object } = {}) {
  return {
    providers: {
      u0: { type: "openai-compatible", baseUrl: url, keys: ["key-0-123456789"], ...rest.provider },
    },
    groups: { g: { models: [{ provider: "u0", model: "ok", ...model }], ...rest.group } },
    log: { level: "warn", format: "json" },
  }
}

/** Many clients at once, each with a connection of its own; both workers have some. */
async function askAll(router: WorkersRouter, clients: number, times = 1, body: object = ASK) {
  const pids = router.workers()
  const connections = await Promise.all(
    Array.from({ length: clients }, () => connect(router.url, pids)),
  )
  expect(new Set(connections.map(({ pid }) => pid)).size).toBe(2)
  const answers = await Promise.all(
    connections.map(async (connection) => {
      const own: { pid: number; status: number }[] = []
      for (let n = 0; n < times; n++) {
        const { status } = await connection.post(CHAT, body)
        own.push({ pid: connection.pid, status })
      }
      connection.close()
      return own
    }),
  )
  return answers.flat()
}

const quiet = (config: ReturnType<typeof limited>) => ({ ...config, log: { level: "info" } })

describe("a deployment's limit holds for two workers together", () => {
  test("at once, also where requests wait for room; both workers' requests come to their turn", async () => {
    const upstream = await startSlow(5)
    const group = { queue: { max: 500, timeout: "30s" } }
    const config = limited(upstream.url, { limits: { parallel: 5 } }, { group })
    const router = await use(startWorkers(quiet(config)))
    const answers = await askAll(router, 100, 2)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(200)
    expect(upstream.seen.most).toBe(5)
    expect(upstream.count()).toBe(200)
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(2)
  })

  test("in a minute", async () => {
    const upstream = await startSlow(1)
    const router = await use(startWorkers(quiet(limited(upstream.url, { limits: { rpm: 20 } }))))
    const answers = await askAll(router, 60, 2)
    expect(upstream.count()).toBe(20)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(100)
  })
})

test("a provider's budget is spent to the end by two workers, and not beyond", async () => {
  const upstream = await startSlow(1)
  const price = { input: 100, output: 100 }
  const provider = { budget: "$0.02/day" }
  const router = await use(startWorkers(quiet(limited(upstream.url, { price }, { provider }))))
  const answers = await askAll(router, 60, 2, { ...ASK, max_tokens: 5 })
  await askAll(router, 20, 1, { ...ASK, max_tokens: 5 })
  const good = answers.filter(({ status }) => status === 200).length
  await until(() => router.rows().length === 140)
  const spent = router.rows().reduce((sum, { cost }) => sum + Number(cost ?? 0), 0)
  expect(spent).toBeLessThanOrEqual(0.02e9)
  expect(spent).toBeGreaterThan(0.016e9)
  expect(good).toBeGreaterThan(0)
})

test("least-busy counts what the other worker has under way", async () => {
  const [one, other] = [await use(startUpstream()), await use(startUpstream())]
  const { providers } = limited(one.url, {})
  const router = await use(
    startWorkers({
      providers: { ...providers, u1: { ...providers.u0, baseUrl: other.url } },
      groups: { g: { models: ["u0/ok", "u1/ok"], strategy: "least-busy" } },
    }),
  )
  const [here, there] = await router.connections()
  for (const [busy, idle, channel] of [
    [one, other, "g$0"],
    [other, one, "g$1"],
  ] as const) {
    busy.script("gate")
    const before = busy.count()
    const waiting = here!.post(CHAT, { ...ASK, model: channel })
    await busy.waitFor(() => busy.count() === before + 1)
    const idleBefore = idle.count()
    for (let n = 0; n < 8; n++) expect((await there!.post(CHAT, ASK)).status).toBe(200)
    expect(idle.count()).toBe(idleBefore + 8)
    busy.script(undefined)
    for (const { gate } of busy.requests) gate.open()
    await waiting
  }
})
