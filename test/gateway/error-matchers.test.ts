import { describe, expect, test } from "bun:test"
import type { Logger } from "../../src/core/log.ts"
import type { ErrorMatcher } from "../../src/core/settings.ts"
import { beginningOf } from "../../src/gateway/error-matchers.ts"
import { invoke, upstreams } from "../matrix/upstreams.ts"
import { closing } from "../support/cleanup.ts"
import { type ConfigFile, overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const use = closing()
const path = "/v1/chat/completions"
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }

const bytes = (text: string) => Buffer.from(text)

/** What matchers make of these bytes: the error's message, and what was logged. */
function look(errorMatchers: readonly ErrorMatcher[], parts: readonly string[], secrets = [""]) {
  const warnings: unknown[] = []
  const nothing = () => {}
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    warn: (message, fields) => warnings.push([message, fields]),
    error: nothing,
    request: nothing,
  }
  const known = secrets.filter((secret) => secret !== "")
  const beginning = beginningOf({ name: "p", errorMatchers }, logger, () => known)
  for (const part of parts) beginning?.take(bytes(part))
  try {
    beginning?.check()
  } catch (thrown) {
    return { message: (thrown as Error).message, warnings }
  }
  return { message: undefined, warnings }
}

describe("matchers", () => {
  test("find an error wherever its bytes were parted", () => {
    const text = "event: überload\n\n"
    for (let at = 0; at <= text.length; at++) {
      expect(look([/überload/], [text.slice(0, at), text.slice(at)]).message).toContain("überload")
    }
  })

  test("look at the first 4 kB and no further", () => {
    const filler = "x".repeat(4090)
    expect(look([/ERROR/], [filler, "ERROR"]).message).toContain("ERROR")
    expect(look([/ERROR/], [filler, "xx", "ERROR"]).message).toBeUndefined()
    const seen: number[] = []
    look([(text) => seen.push(text.length) > 9], [filler, filler, filler])
    expect(seen).toEqual([4096])
  })

  test("may be functions, of which only `true` is a match", () => {
    expect(look([(text) => text.startsWith("no")], ["no luck"]).message).toContain("no luck")
    expect(look([() => false], ["no luck"]).message).toBeUndefined()
    const late = (async () => true) as unknown as ErrorMatcher
    expect(look([late], ["no luck"]).message).toBeUndefined()
  })

  test("that throw are logged, and the others asked", () => {
    const broken = () => {
      throw new Error("oops")
    }
    const { message, warnings } = look([broken, /luck/], ["no luck"])
    expect(message).toContain("luck")
    expect(warnings).toEqual([["an error matcher failed", { provider: "p", error: "Error: oops" }]])
  })

  test("quote no more than 200 characters, and no secret", () => {
    const key = "prov-1234567890"
    const { message = "" } = look(
      [/overloaded/],
      [`x overloaded for ${key} ${"y".repeat(900)}`],
      [key],
    )
    expect(message).toContain("overloaded for [secret] yyy")
    expect(message.length).toBeLessThan(260)
    expect(look([/bad/], ["bad sk-abcdefghijklmnopqrst"]).message).not.toContain("abcdef")
  })

  test("cost nothing where there are none", () => {
    expect(beginningOf({ name: "p", errorMatchers: [] }, {} as Logger, () => [])).toBeUndefined()
  })
})

/** A group over a sick upstream and a healthy one, the sick one with matchers. */
async function over(errorMatchers: readonly unknown[], more: ConfigFile = {}) {
  const [sick, healthy] = [await use(startUpstream()), await use(startUpstream({ script: "ok" }))]
  const config = overUpstreams([{ url: sick.url, keys: ["key-secret-0001"] }, healthy], more)
  const { u0, u1 } = config["providers"] as Record<string, object>
  const router = await use(
    startRouter({ ...config, providers: { u0: { ...u0, errorMatchers }, u1 } }),
  )
  const standing = () => {
    const channel = router.runtime.snapshot.table.groups.get("g")!.channels[0]!
    return router.runtime.context.health.standing(channel).state
  }
  return { sick, healthy, router, standing }
}

const CHAT = {
  id: "c",
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "[ERROR] GPU fell off" },
      finish_reason: "stop",
    },
  ],
}

describe("an error inside a 200", () => {
  test("leads a whole answer on to the next deployment", async () => {
    const { sick, healthy, router, standing } = await over(["/\\[ERROR\\]/"])
    sick.script(() => ({ body: CHAT }))
    const answer = await router.post(path, ASK)
    expect(answer.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
    expect(await answer.text()).not.toContain("ERROR")
    expect([sick.count(), healthy.count(), standing()]).toEqual([1, 1, "paused"])
  })

  test("leads a stream on before its first content has reached anybody", async () => {
    const { sick, router, standing } = await over(["/\\[ERROR\\]/"])
    sick.script(
      'role|raw:data: {"choices":[{"index":0,"delta":{"content":"[ERROR] no"}}]}\\n\\n|tok:3|done',
    )
    const answer = await router.post(path, { ...ASK, stream: true })
    expect(answer.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
    expect(await answer.text()).not.toContain("ERROR")
    expect(standing()).toBe("paused")
  })

  test("leads a stream on that comes as one document", async () => {
    const { sick, router } = await over(["[error]"])
    sick.script(() => ({ body: CHAT }))
    const answer = await router.post(path, { ...ASK, stream: true })
    expect(answer.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
    expect(await answer.text()).not.toContain("ERROR")
  })

  test("leads on where bytes were asked for, such as speech", async () => {
    const { sick, router } = await over(["gpu fell off"])
    const audio = { "content-type": "audio/mpeg" }
    sick.script(() => ({ headers: audio, body: "The GPU fell off." }))
    const asked = { model: "g", input: "hi", voice: "alloy" }
    const answer = await router.post("/v1/audio/speech", asked)
    expect(answer.headers.get("x-llmrouter-deployment")).toBe("u1/ok")
    expect((await answer.bytes()).length).toBe(512)
  })

  test("comes to the caller as 502 with a short quote where nobody else is left", async () => {
    const sick = await use(startUpstream())
    const config = overUpstreams([{ url: sick.url, keys: ["key-secret-0001"] }], {
      retries: { attempts: 0 },
    })
    const { u0 } = config["providers"] as Record<string, object>
    const router = await use(
      startRouter({ ...config, providers: { u0: { ...u0, errorMatchers: ["[error]"] } } }),
    )
    const content = `[ERROR] key-secret-0001 ${"x".repeat(2000)}`
    sick.script(() => ({ body: { ...CHAT, choices: [{ message: { content } }] } }))
    const answer = await router.post(path, ASK)
    const text = await answer.text()
    expect(answer.status).toBe(502)
    expect(text).toContain("[ERROR] [secret] xxx")
    expect(text).not.toContain("key-secret-0001")
    expect(text.length).toBeLessThan(600)
  })

  test("is none where nothing matches, and the answer comes as it is", async () => {
    const { sick, router } = await over(["/never/"])
    sick.script(() => ({ body: CHAT }))
    const answer = await router.post(path, ASK)
    expect(answer.headers.get("x-llmrouter-deployment")).toBe("u0/ok")
    expect(await answer.json()).toEqual(CHAT)
  })

  for (const id of ["anthropic-messages", "gemini", "bedrock-converse", "bedrock-invoke"]) {
    for (const stream of [false, true]) {
      test(`is found behind a translation to ${id}, streaming ${stream}`, async () => {
        const target = [...upstreams, invoke].find((each) => each.id === id)!
        const [sick, healthy] = [
          await use(startUpstream({ script: "tok:9|done" })),
          await use(startUpstream({ script: "ok" })),
        ]
        const router = await use(
          startRouter({
            providers: {
              // The first words of every scripted answer.
              sick: {
                ...target.provider(`http://127.0.0.1:${sick.port}`),
                errorMatchers: ["hello"],
              },
              good: { type: "openai-compatible", baseUrl: healthy.url },
            },
            groups: { g: [`sick/${target.model}`, "good/ok"] },
          }),
        )
        const answer = await router.post(path, { ...ASK, stream })
        await answer.text()
        expect(answer.headers.get("x-llmrouter-deployment")).toBe("good/ok")
        expect([sick.count(), healthy.count()]).toEqual([1, 1])
      })
    }
  }
})
