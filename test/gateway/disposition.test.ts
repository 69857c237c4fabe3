// biome-ignore-all lint/suspicious/noThenProperty: a key of the config, which nobody awaits
import { describe, expect, test } from "bun:test"
import { type ErrorKind, GatewayError } from "../../src/core/error.ts"
import type { ErrorRule } from "../../src/core/settings.ts"
import { dispose } from "../../src/gateway/disposition.ts"
import { explain } from "../../src/gateway/explain.ts"
import { deployment } from "../routing/parts.ts"
import { closing } from "../support/cleanup.ts"
import { overUpstreams, type Router, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const use = closing()

const NOTHING: ErrorRule = {
  status: [],
  body: undefined,
  phase: undefined,
  then: undefined,
  breaker: undefined,
  cooldown: undefined,
}
const FAIL = { ...NOTHING, then: "fail" } as const
const rules = (...errors: Partial<ErrorRule>[]) => ({
  errors: errors.map((rule) => ({ ...NOTHING, ...rule })),
})
const of = (kind: ErrorKind, message = "no", status?: number) =>
  new GatewayError(kind, message, status === undefined ? {} : { status })
const bytes = (text: string) => Buffer.from(text)

describe("a rule", () => {
  const error = of("upstream-error", "The model is overloaded.", 503)
  const answer = { status: 503, body: bytes('{"code":"engine_overloaded_7"}') }

  test.each<[string, Partial<ErrorRule>, boolean]>([
    ["with no condition", {}, true],
    ["of the status", { status: [500, 503] }, true],
    ["of another status", { status: [500] }, false],
    ["of the body", { body: /overloaded_\d/ }, true],
    ["of the message", { body: /model is/i }, true],
    ["of other words", { body: /billing/ }, false],
    ["of the phase", { phase: "before" }, true],
    ["of the other phase", { phase: "after" }, false],
    ["of status and body", { status: [503], body: /engine/ }, true],
    ["of the status and another body", { status: [503], body: /billing/ }, false],
  ])("%s", (_name, rule, fits) => {
    const { rule: follows } = dispose(error, rules({ ...FAIL, ...rule }), "before", answer)
    expect(follows.next).toBe(fits ? "fail" : "next-deployment")
  })

  test("that remembers where it was finds the same again", () => {
    const provider = rules({ ...FAIL, body: /overloaded/g })
    for (let n = 0; n < 3; n++) {
      expect(dispose(error, provider, "before", answer).rule.next).toBe("fail")
    }
  })

  test("looks at no more than the first of a large body", () => {
    const large = { status: 503, body: bytes(`${" ".repeat(70_000)}billing`) }
    const { rule } = dispose(error, rules({ ...FAIL, body: /billing/ }), "before", large)
    expect(rule.next).toBe("next-deployment")
  })

  test("of a status needs an upstream that said it", () => {
    const timeout = of("upstream-timeout")
    expect(dispose(timeout, rules({ ...FAIL, status: [504] }), "before").rule.next).not.toBe("fail")
    expect(dispose(timeout, rules({ ...FAIL, body: /no/ }), "before").rule.next).toBe("fail")
  })
})

describe("the consequences", () => {
  const error = of("upstream-error", "no", 500)
  const usual = { next: "next-deployment", breaker: true, cooldown: "server" }

  test("are the kind's own without a rule", () => {
    expect(dispose(error, rules(), "before")).toBe(error)
    expect(error.rule).toMatchObject(usual)
  })

  test.each<[Partial<ErrorRule>, object]>([
    [{ then: "retry" }, { ...usual, next: "retry" }],
    [{ breaker: false }, { ...usual, breaker: false }],
    [{ cooldown: 0 }, { ...usual, cooldown: null }],
    [{ cooldown: 90_000 }, { ...usual, cooldownMs: 90_000 }],
    [{}, usual],
  ])("of %j change what it says", (rule, expected) => {
    expect(dispose(error, rules(rule), "before").rule).toMatchObject(expected)
  })

  test("are those of the first rule that fits", () => {
    const provider = rules({ status: [429], then: "fail" }, { then: "retry" }, { then: "next-key" })
    expect(dispose(error, provider, "before").rule.next).toBe("retry")
  })

  test("hold, whoever asks again, and whoever names the deployment", () => {
    const once = dispose(error, rules({ cooldown: 5 }), "before", { status: 500, body: bytes("") })
    const twice = dispose(once, rules({ then: "fail" }), "before")
    const [channel] = deployment("p/m").channels
    expect(explain(twice, channel!).rule).toMatchObject({ ...usual, cooldownMs: 5 })
  })

  test("may be a pause for an error that has none", () => {
    const rejected = of("upstream-rejected", "no", 400)
    expect(dispose(rejected, rules({ cooldown: 5 }), "before").rule).toMatchObject({
      next: "fail",
      cooldown: "server",
      cooldownMs: 5,
    })
  })

  test("of what is no upstream's doing stay", () => {
    for (const kind of ["client-gone", "internal", "invalid-request", "unsupported"] as const) {
      const ours = of(kind)
      expect(dispose(ours, rules({ then: "retry" }), "before")).toBe(ours)
    }
  })
})

describe("through the router", () => {
  const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
  const FAST = { retries: { attempts: 3, backoff: "5ms", maxBackoff: "20ms" } }

  async function over(scripts: readonly string[], errors: readonly object[], keys: string[] = []) {
    const servers = await Promise.all(scripts.map((script) => use(startUpstream({ script }))))
    const config = overUpstreams(
      servers.map(({ url }) => ({ url, keys })),
      FAST,
    )
    const providers = Object.entries(config["providers"] as Record<string, object>)
    const router = await use(
      startRouter({
        ...config,
        providers: Object.fromEntries(providers.map(([name, own]) => [name, { ...own, errors }])),
      }),
    )
    const ask = (stream = false) => router.post("/v1/chat/completions", { ...ASK, stream })
    return { servers, router, ask, counts: () => servers.map((server) => server.count()) }
  }
  const firstOf = (router: Router) => {
    const channel = router.runtime.snapshot.table.groups.get("g")!.channels[0]!
    return { ...channel.health, ...router.runtime.context.health.standing(channel) }
  }

  test("`fail` gives the caller the error that would have led on", async () => {
    const { ask, counts } = await over(
      ["status:500;message=no luck", "ok"],
      [{ status: 500, body: "no luck", then: "fail" }],
    )
    const answer = await ask()
    expect(answer.status).toBe(500)
    expect(counts()).toEqual([1, 0])
  })

  test("`next-deployment` leads on where the error would have come back", async () => {
    const { ask, counts, router } = await over(
      ["status:400;message=odd", "ok"],
      [{ status: 400, body: "odd", then: "next-deployment" }],
    )
    expect((await ask()).status).toBe(200)
    expect(counts()).toEqual([1, 1])
    expect(firstOf(router).state).toBe("ready")
  })

  test("a rule of the body sees what the message does not say", async () => {
    const body = '{"error":{"message":"no","details":[{"reason":"E_SHARD_7"}]}}'
    const { servers, ask, counts } = await over(
      ["ok", "ok"],
      [{ body: "/E_SHARD_\\d/", then: "next-deployment" }],
    )
    servers[0]!.script(() => ({ status: 422, body: JSON.parse(body) as object }))
    expect((await ask()).status).toBe(200)
    expect(counts()).toEqual([1, 1])
  })

  test("a cooldown of its own holds, also where the error comes back", async () => {
    const { ask, router } = await over(
      ["status:400;message=odd"],
      [{ status: 400, cooldown: "90s" }],
    )
    const before = router.runtime.context.clock.now()
    expect((await ask()).status).toBe(400)
    const { state, until } = firstOf(router)
    expect(state).toBe("paused")
    expect(until - before).toBeWithin(90_000, 120_000)
  })

  test("no cooldown and no breaker leave the channel ready", async () => {
    const { ask, counts, router } = await over(
      ["status:500", "ok"],
      [{ status: 500, breaker: false, cooldown: "0s" }],
    )
    for (let n = 0; n < 8; n++) expect((await ask()).status).toBe(200)
    expect(counts()).toEqual([8, 8])
    expect(firstOf(router).state).toBe("ready")
  })

  test("the phase `after` is for streams that break off", async () => {
    const { servers, ask, router } = await over(
      ["role|tok:3|gate|cut"],
      [{ phase: "after", breaker: false, cooldown: "0s" }],
    )
    for (let n = 0; n < 8; n++) {
      // Its headers come with its first content.
      const answer = await ask(true)
      servers[0]!.requests.at(-1)!.gate.open()
      expect(answer.status).toBe(200)
      expect(await answer.text()).toContain('"error"')
    }
    expect(firstOf(router).state).toBe("ready")
  })

  test("`retry` asks the same channel again", async () => {
    let count = 0
    const { servers, ask, counts } = await over(["ok", "ok"], [{ status: 503, then: "retry" }])
    servers[0]!.script(() => (count++ === 0 ? "status:503" : "ok"))
    const answer = await ask()
    expect(answer.headers.get("x-llmrouter-deployment")).toBe("u0/ok")
    expect(counts()).toEqual([2, 0])
  })
})
