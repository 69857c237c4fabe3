import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import { createProber } from "../../src/gateway/probe.ts"
import { deployment, RULES, testClock, testHealth } from "../routing/parts.ts"
import { upstreams } from "../matrix/upstreams.ts"
import { closing } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import {
  type Behaviour,
  type RecordedRequest,
  startUpstream,
  type Upstream,
} from "../support/upstream/index.ts"

const use = closing()
const path = "/v1/chat/completions"
const ASK = { model: "g", messages: [{ role: "user", content: "a question of the caller" }] }
const SHORT = {
  cooldown: { auth: "30ms", authMax: "60ms" },
  retries: { attempts: 0 },
}
/** Longer than a test. */
const LONG = { cooldown: { auth: "1h", authMax: "1h" }, retries: { attempts: 0 } }

const isModels = ({ method }: RecordedRequest) => method === "GET"
const isAsked = ({ body }: RecordedRequest) =>
  Buffer.from(body).toString().includes("a question of the caller")
const isPaid = (request: RecordedRequest) => !isModels(request) && !isAsked(request)
const counted = ({ requests }: Upstream, is: (request: RecordedRequest) => boolean) =>
  requests.filter(is).length

/** One upstream that answers a list of models, a caller and a small chat of the router in these ways. */
interface Answers {
  models: Behaviour
  caller: Behaviour
  paid: Behaviour
}

async function over(
  answers: Answers,
  probe: string,
  rest: object = SHORT,
  keys = ["key-one-000001"],
) {
  const now = { ...answers }
  const up = await use(
    startUpstream({
      script: (request) =>
        isModels(request) ? now.models : isAsked(request) ? now.caller : now.paid,
    }),
  )
  const config = overUpstreams([{ url: up.url, keys }], rest as Record<string, unknown>)
  const { u0 } = config["providers"] as Record<string, object>
  const router = await use(startRouter({ ...config, providers: { u0: { ...u0, probe } } }))
  const [channel] = router.runtime.snapshot.table.groups.get("g")!.channels
  const { health } = channel!
  const ask = async () => (await router.post(path, ASK)).status
  const rested = () => until(() => health.pausedUntil <= router.runtime.context.clock.now())
  return { up, now, ask, health, rested }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("It did not come about.")
    await Bun.sleep(2)
  }
}

const REFUSED = { models: "status:401", caller: "status:401", paid: "status:401" }
const FORBIDDEN = { models: "status:403", caller: "status:403", paid: "status:403" }

describe("a key that is not known", () => {
  test("is asked for free, less and less often, and works again without any caller", async () => {
    const { up, now, ask, health } = await over(REFUSED, "free")
    expect(await ask()).toBe(401)
    await up.waitFor((upstream) => counted(upstream, isModels) >= 3)
    expect(health.reason).toBe("auth")
    expect(health.rejections).toBeGreaterThanOrEqual(3)
    now.models = "ok"
    await until(() => health.reason === undefined)
    now.caller = "ok"
    expect(await ask()).toBe(200)
    expect(counted(up, isPaid)).toBe(0)
  })

  test("is never dead for ever, however often it was refused", async () => {
    const { up, now, ask, health } = await over(REFUSED, "free")
    await ask()
    await up.waitFor((upstream) => counted(upstream, isModels) >= 12)
    now.models = "ok"
    await until(() => health.reason === undefined)
  })

  test("rests longer each time, where anybody gets the list of models", async () => {
    const { now, ask, health } = await over({ ...REFUSED, models: "ok" }, "free")
    for (const times of [1, 2, 3]) {
      expect(await ask()).toBe(401)
      expect(health.rejections).toBe(times)
      await until(() => health.reason === undefined)
    }
    now.caller = "ok"
    expect(await ask()).toBe(200)
    expect(health.rejections).toBe(0)
  })

  test("leaves its place to the others meanwhile", async () => {
    const keys = ["key-one-000001", "key-two-000002"]
    const { up, now, ask } = await over(REFUSED, "free", LONG, keys)
    now.caller = "ok"
    up.script((request) => (request.key === keys[0] ? "status:401" : "ok"))
    for (let n = 0; n < 8; n++) expect(await ask()).toBe(200)
    expect(counted(up, ({ key }) => key === keys[0])).toBe(1)
  })

  test("is not probed where the config says so: one real request finds out", async () => {
    const { up, now, ask, health, rested } = await over(REFUSED, "none")
    await ask()
    await rested()
    now.caller = "ok"
    expect(await ask()).toBe(200)
    expect(health.reason).toBeUndefined()
    expect(counted(up, isAsked)).toBe(up.requests.length)
  })
})

describe("a key that may not do this, or has no credit", () => {
  for (const status of [402, 403]) {
    test(`is tried by a real request, since a list of models proves nothing (${status})`, async () => {
      const caller = `status:${status}`
      const { up, now, ask, health, rested } = await over(
        { ...FORBIDDEN, models: "ok", caller },
        "free",
      )
      expect(await ask()).toBe(status)
      await rested()
      expect(health.reason).toBe("auth")
      now.caller = "ok"
      expect(await ask()).toBe(200)
      expect(health.reason).toBeUndefined()
      expect(counted(up, isPaid)).toBe(0)
    })
  }

  test("is asked for money only where the config allows it", async () => {
    const { up, now, ask, health } = await over({ ...FORBIDDEN, models: "ok" }, "paid")
    await ask()
    await up.waitFor((upstream) => counted(upstream, isPaid) >= 2)
    expect(health.reason).toBe("auth")
    now.paid = "ok"
    await until(() => health.reason === undefined)
    const sent = up.requests.find(isPaid)!
    expect(sent.json).toMatchObject({ model: "ok", messages: [{ role: "user", content: "hi" }] })
    expect(JSON.stringify(sent.json)).toMatch(/"max_(completion_)?tokens":1\b/)
  })

  test.each([
    ["a limit", "status:429", true],
    ["a complaint about the question", "status:400", true],
    ["a server's trouble", "status:503", false],
  ])("and %s in return says so much of it", async (_name, paid, works) => {
    const { up, ask, health, rested } = await over({ ...FORBIDDEN, paid }, "paid")
    await ask()
    await up.waitFor((upstream) => counted(upstream, isPaid) >= 1)
    if (works) await until(() => health.reason === undefined)
    else {
      await rested()
      // It is a second rejection in a row.
      expect(await ask()).toBe(403)
      expect(health.rejections).toBe(2)
    }
  })
})

test("no money is spent on a key that the free request refuses", async () => {
  const { up, ask } = await over(REFUSED, "paid")
  await ask()
  await up.waitFor((upstream) => counted(upstream, isModels) >= 3)
  expect(counted(up, isPaid)).toBe(0)
})

describe("the small paid request", () => {
  for (const { id, provider, model } of upstreams) {
    test(`is one that ${id} answers`, async () => {
      let refuse = true
      const up = await use(
        startUpstream({
          script: (request) =>
            isModels(request) ? { status: 403, body: {} } : refuse ? "status:401" : "tok:1|done",
        }),
      )
      const root = `http://127.0.0.1:${up.port}`
      const router = await use(
        startRouter({
          ...SHORT,
          providers: { p: { ...provider(root), probe: "paid" } },
          groups: { g: [`p/${model}`] },
        }),
      )
      const { health } = router.runtime.snapshot.table.groups.get("g")!.channels[0]!
      expect((await router.post(path, ASK)).status).toBeOneOf([401, 403])
      refuse = false
      await until(() => health.reason === undefined)
      // The upstream refuses what its API does not know.
      expect(up.requests.filter(isPaid).at(-1)).toMatchObject({ finished: true, tokens: 1 })
    })
  }
})

test("a rejected key is logged once, until it has worked again", () => {
  const clock = testClock()
  const health = testHealth(clock)
  const [channel] = deployment("p/m", { health }).channels
  const warnings: unknown[] = []
  const nothing = () => {}
  const warn = (message: string, fields?: object) => warnings.push({ message, ...fields })
  const logger = { debug: nothing, info: nothing, error: nothing, request: nothing, warn }
  const send = () => Promise.reject(new Error("nothing is sent"))
  const prober = createProber({ clock, send, logger, health })
  const error = new GatewayError("upstream-unauthorized", "no", { status: 401 })
  const refuse = () => {
    for (const trial of [health.begin(channel!), health.begin(channel!)]) {
      health.fail(trial, error)
      prober.rejected(channel!, error)
    }
    clock.advance(RULES.cooldown.authMax)
  }
  const told = { message: "a provider key was rejected", deployment: "p/m", status: 401 }
  refuse()
  expect(warnings).toMatchObject([told])
  refuse()
  expect(warnings).toHaveLength(1)
  health.succeed(health.begin(channel!))
  refuse()
  expect(warnings).toMatchObject([told, told])
})
