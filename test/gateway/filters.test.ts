import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { until } from "../support/cleanup.ts"
import { type ConfigFile, type Router, startRouter } from "../support/router.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

/** A group `g` of these deployments, in order, each at an upstream of its own. */
async function setUp(
  deployments: readonly object[],
  { providers = [], group = {}, script = "ok", ...rest }: Options = {},
): Promise<{ router: Router; upstreams: Upstream[]; ask: Ask }> {
  const upstreams: Upstream[] = []
  for (const _ of deployments) upstreams.push(await startUpstream({ script }))
  const router = await startRouter({
    providers: Object.fromEntries(
      upstreams.map(({ url }, n) => [
        `u${n}`,
        { type: "openai-compatible", baseUrl: url, ...providers[n] },
      ]),
    ),
    groups: {
      g: {
        models: deployments.map((more, n) => ({ provider: `u${n}`, model: "ok", ...more })),
        ...group,
      },
    },
    retries: { attempts: 1, backoff: "5ms", maxBackoff: "20ms" },
    ...rest,
  })
  open.push(router, ...upstreams)
  const ask: Ask = async (path, body, headers) => {
    const response = await router.post(path, body, headers)
    await response.text()
    return response.headers.get("x-llmrouter-deployment") ?? `${response.status}`
  }
  return { router, upstreams, ask }
}

type Ask = (path: string, body: object, headers?: Record<string, string>) => Promise<string>

interface Options extends ConfigFile {
  providers?: readonly object[]
  group?: object
  script?: string
}

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
const PDF = Buffer.from("%PDF-1.4\n%%EOF").toString("base64")
const WAV = Buffer.from("RIFF$\0\0\0WAVEfmt ").toString("base64")
const SCHEMA = {
  type: "object",
  properties: { a: { type: "string" } },
  required: ["a"],
  additionalProperties: false,
}

const chat = (content: unknown, more: object = {}): [string, object] => [
  "/v1/chat/completions",
  { model: "g", messages: [{ role: "user", content }], ...more },
]
const responses = (content: unknown, more: object = {}): [string, object] => [
  "/v1/responses",
  { model: "g", input: [{ role: "user", content }], ...more },
]
const messages = (content: unknown, more: object = {}): [string, object] => [
  "/v1/messages",
  { model: "g", max_tokens: 50, messages: [{ role: "user", content }], ...more },
]
const gemini = (parts: unknown[], more: object = {}): [string, object] => [
  "/v1beta/models/g:generateContent",
  { contents: [{ role: "user", parts }], ...more },
]
const TOOL = { name: "t", description: "d" }

/** By what is lacked: requests that need it, of each protocol that can say so. */
const NEEDY: Record<string, Record<string, [path: string, body: object]>> = {
  vision: {
    chat: chat([{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }]),
    responses: responses([{ type: "input_image", image_url: `data:image/png;base64,${PNG}` }]),
    messages: messages([
      { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    ]),
    gemini: gemini([{ inlineData: { mimeType: "image/png", data: PNG } }]),
  },
  documents: {
    chat: chat([
      {
        type: "file",
        file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` },
      },
    ]),
    responses: responses([
      { type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` },
    ]),
    messages: messages([
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF } },
    ]),
    gemini: gemini([{ inlineData: { mimeType: "application/pdf", data: PDF } }]),
  },
  audio: {
    chat: chat([{ type: "input_audio", input_audio: { data: WAV, format: "wav" } }]),
    gemini: gemini([{ inlineData: { mimeType: "audio/wav", data: WAV } }]),
  },
  tools: {
    chat: chat("hi", { tools: [{ type: "function", function: TOOL }] }),
    responses: responses("hi", { tools: [{ type: "function", ...TOOL }] }),
    messages: messages("hi", { tools: [{ name: "t", input_schema: SCHEMA }] }),
    gemini: gemini([{ text: "hi" }], { tools: [{ functionDeclarations: [TOOL] }] }),
  },
  jsonSchema: {
    chat: chat("hi", {
      response_format: { type: "json_schema", json_schema: { name: "n", schema: SCHEMA } },
    }),
    responses: responses("hi", {
      text: { format: { type: "json_schema", name: "n", schema: SCHEMA } },
    }),
    messages: messages("hi", {
      output_config: { format: { type: "json_schema", schema: SCHEMA } },
    }),
    gemini: gemini([{ text: "hi" }], {
      generationConfig: { responseMimeType: "application/json", responseJsonSchema: SCHEMA },
    }),
  },
  reasoning: {
    chat: chat("hi", { reasoning_effort: "low" }),
    responses: responses("hi", { reasoning: { effort: "low" } }),
    messages: messages("hi", {
      max_tokens: 4000,
      thinking: { type: "enabled", budget_tokens: 2000 },
    }),
    gemini: gemini([{ text: "hi" }], {
      generationConfig: { thinkingConfig: { thinkingBudget: 1000 } },
    }),
  },
}

describe("a request goes past the deployment that lacks what it needs:", () => {
  for (const [lacked, requests] of Object.entries(NEEDY)) {
    test(lacked, async () => {
      const { ask, upstreams } = await setUp([{ capabilities: { [lacked]: false } }, {}])
      for (const [protocol, [path, body]] of Object.entries(requests)) {
        expect([protocol, await ask(path, body)]).toEqual([protocol, "u1/ok"])
      }
      expect(upstreams[0]!.count()).toBe(0)
      expect(await ask(...chat("hi"))).toBe("u0/ok")
    })
  }

  test("also where only the conversation before needs it", async () => {
    const { ask, router, upstreams } = await setUp([{ capabilities: { vision: false } }, {}])
    const [path, body] = NEEDY["vision"]!["responses"]!
    const first = (await (await router.post(path, body)).json()) as { id: string }
    const next = { model: "g", input: "And in words?", previous_response_id: first.id }
    expect(await ask(path, next)).toBe("u1/ok")
    expect(upstreams[0]!.count()).toBe(0)
    expect(await ask(path, { model: "g", input: "hi" })).toBe("u0/ok")
  })

  test("what is known of a vendor's models counts where the config says nothing", async () => {
    const { ask } = await setUp([{}, {}], { providers: [{ type: "deepseek", keys: ["k"] }] })
    const [path, body] = NEEDY["vision"]!["chat"]!
    expect(await ask(path, body)).toBe("u1/ok")
    expect(await ask(...chat("hi"))).toBe("u0/ok")
  })

  test("what the config says of it counts more", async () => {
    const { ask } = await setUp([{ capabilities: { vision: true } }, {}], {
      providers: [{ type: "deepseek", keys: ["k"] }],
    })
    const [path, body] = NEEDY["vision"]!["chat"]!
    // It is not left out; that its protocol's encoder is not asked is what relaying means.
    expect(await ask(path, body)).toBe("u0/ok")
  })

  test("where none is left, the caller is told what is lacking", async () => {
    const lacks = { capabilities: { vision: false } }
    const { router, upstreams } = await setUp([lacks, lacks])
    const [path, body] = NEEDY["vision"]!["chat"]!
    const response = await router.post(path, body)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await response.text()).toContain("lacks vision")
    expect(upstreams.map((upstream) => upstream.count())).toEqual([0, 0])
  })
})

describe("a context window", () => {
  const words = (count: number) => "word ".repeat(count)
  const small = { capabilities: { contextWindow: 1000 } }

  test("that a request does not fit into is passed over", async () => {
    const { ask } = await setUp([small, {}])
    expect(await ask(...chat(words(100)))).toBe("u0/ok")
    expect(await ask(...chat(words(10_000)))).toBe("u1/ok")
    expect(await ask(...chat("hi", { max_tokens: 1000 }))).toBe("u1/ok")
  })

  test("is not filled by the bytes of an image", async () => {
    const { ask } = await setUp([{ capabilities: { contextWindow: 8000 } }, {}])
    const large = PNG + "A".repeat(200_000)
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${large}` } }
    expect(await ask(...chat([image]))).toBe("u0/ok")
    const part = { type: "image", source: { type: "base64", media_type: "image/png", data: large } }
    expect(await ask(...messages([part]))).toBe("u0/ok")
  })

  test("is tried all the same where no other is larger", async () => {
    const { ask } = await setUp([{ capabilities: { contextWindow: 500 } }, small])
    expect(await ask(...chat(words(10_000)))).toBe("u1/ok")
  })
})

describe("tags and regions", () => {
  test("of a request decide where it goes", async () => {
    const { ask } = await setUp([
      { tags: ["cheap"], region: "us-east-1" },
      { tags: ["cheap", "eu"], region: "eu-west-1" },
    ])
    const [path, body] = chat("hi")
    expect(await ask(path, body)).toBe("u0/ok")
    expect(await ask(path, body, { "x-llmrouter-tags": "eu" })).toBe("u1/ok")
    expect(await ask(path, body, { "x-llmrouter-tags": "eu,cheap" })).toBe("u1/ok")
    expect(await ask(path, body, { "x-llmrouter-region": "eu" })).toBe("u1/ok")
    expect(await ask(path, body, { "x-llmrouter-region": "us" })).toBe("u0/ok")
  })

  test("that nothing has lead nowhere", async () => {
    const { router, upstreams } = await setUp([{ tags: ["cheap"] }, {}])
    const [path, body] = chat("hi")
    const response = await router.post(path, body, { "x-llmrouter-tags": "moon" })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await response.text()).toContain("has not the tag moon")
    expect(upstreams.map((upstream) => upstream.count())).toEqual([0, 0])
  })

  test("are a wish where the group prefers them only", async () => {
    const { ask } = await setUp([{}, { tags: ["eu"] }], { group: { tagMatch: "preferred" } })
    const [path, body] = chat("hi")
    expect(await ask(path, body, { "x-llmrouter-tags": "eu" })).toBe("u1/ok")
    expect(await ask(path, body, { "x-llmrouter-tags": "moon" })).toBe("u0/ok")
  })
})

describe("a deployment's limits", () => {
  test("of requests a minute are exact, however many come at once", async () => {
    const { ask, upstreams } = await setUp([{ limits: { rpm: 20 } }, {}])
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(...chat("hi"))))
    expect(answers.filter((deployment) => deployment === "u0/ok")).toHaveLength(20)
    expect(upstreams.map((upstream) => upstream.count())).toEqual([20, 40])
  })

  test("are exact for those who come from a deployment that failed", async () => {
    const { ask, upstreams } = await setUp([{}, { limits: { rpm: 5 } }, {}], {
      retries: { attempts: 3, backoff: "5ms", maxBackoff: "20ms" },
    })
    upstreams[0]!.script("status:500")
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(...chat("hi"))))
    expect(answers.filter((deployment) => deployment === "u1/ok")).toHaveLength(5)
    expect(answers.filter((deployment) => deployment === "u2/ok")).toHaveLength(25)
    expect(upstreams[1]!.count()).toBe(5)
  })

  test("of requests at the same time are exact, and free again afterwards", async () => {
    const { ask, upstreams } = await setUp([{ limits: { parallel: 3 } }, {}], {
      script: "slow:300ms|ok",
    })
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(...chat("hi"))))
      expect(answers.filter((deployment) => deployment === "u0/ok")).toHaveLength(3)
    }
    expect(upstreams.map((upstream) => upstream.count())).toEqual([6, 14])
  })

  test("of tokens a minute count what requests under way are expected to use", async () => {
    const { ask, upstreams } = await setUp([{ limits: { tpm: 2000 } }, {}], {
      script: "slow:300ms|ok",
    })
    const asked = chat("x".repeat(2000), { max_tokens: 100 })
    await Promise.all(Array.from({ length: 10 }, () => ask(...asked)))
    // Some 620 tokens each; in the end they used a fraction of that.
    expect(upstreams.map((upstream) => upstream.count())).toEqual([3, 7])
    expect(await ask(...asked)).toBe("u0/ok")
  })

  test("hold whoever asks for it, also by its own name", async () => {
    const { ask } = await setUp([{ limits: { rpm: 2 } }, {}])
    const [path, body] = chat("hi")
    expect(await ask(path, { ...body, model: "u0/ok" })).toBe("u0/ok")
    expect(await ask(path, body)).toBe("u0/ok")
    expect(await ask(path, body)).toBe("u1/ok")
    expect(await ask(path, { ...body, model: "u0/ok" })).toBe("429")
  })

  test("tell the caller until when, where nothing else is left", async () => {
    const { router } = await setUp([{ limits: { rpm: 1 } }])
    const [path, body] = chat("hi")
    expect((await router.post(path, body)).status).toBe(200)
    const limited = await router.post(path, body)
    expect(limited.status).toBe(429)
    expect(await limited.text()).toContain("has used up its 1 requests a minute")
    const seconds = Number(limited.headers.get("retry-after"))
    expect(seconds).toBeGreaterThan(50)
    expect(seconds).toBeLessThanOrEqual(61)
  })
})

describe("a provider's budget", () => {
  /** US dollars per million tokens: each request costs 0.16 cents, and is expected to cost a little more. */
  const price = { input: 100, output: 100 }
  const budget = "$0.02/day"
  const asked = chat("hi", { max_tokens: 5 })
  const DOLLAR = 1e9

  async function spentAt(router: Router, provider: string): Promise<number> {
    return (await router.rows())
      .filter(({ deployment }) => String(deployment).startsWith(`${provider}/`))
      .reduce((sum, { cost }) => sum + Number(cost), 0)
  }

  test("is spent to the end and not beyond, one after the other and all at once", async () => {
    for (const together of [1, 30]) {
      const { ask, router } = await setUp([{ price }, {}], { providers: [{ budget }] })
      for (let round = 0; round < 30 / together; round++) {
        await Promise.all(Array.from({ length: together }, () => ask(...asked)))
      }
      // What was kept aside and not spent is there for those who come later.
      for (let round = 0; round < 10; round++) await ask(...asked)
      const spent = await spentAt(router, "u0")
      expect(spent).toBeLessThanOrEqual(0.02 * DOLLAR)
      expect(spent).toBeGreaterThan(0.016 * DOLLAR)
      expect(await ask(...asked)).toBe("u1/ok")
    }
  })

  test("tells the caller that it is used up, and when it begins anew", async () => {
    const { ask, router } = await setUp([{ price }], { providers: [{ budget }] })
    for (let round = 0; round < 20; round++) await ask(...asked)
    const refused = await router.post(...asked)
    expect(refused.status).toBe(429)
    expect(await refused.text()).toContain("has used up the budget of `u0`, $0.02 a day for")
    const midnight = 86_400 - ((Date.now() / 1000) % 86_400)
    expect(Math.abs(Number(refused.headers.get("retry-after")) - midnight)).toBeLessThan(60)
  })

  test("survives a restart and a reload: the ledger knows what was spent", async () => {
    const folder = mkdtempSync(join(tmpdir(), "llmrouter-budget-"))
    open.push({ close: async () => rmSync(folder, { recursive: true, force: true }) })
    const storage = { path: join(folder, "usage.db") }
    const first = await setUp([{ price }, {}], { providers: [{ budget }], storage })
    for (let round = 0; round < 20; round++) await first.ask(...asked)
    expect(await first.ask(...asked)).toBe("u1/ok")
    await first.router.close()
    open.splice(open.indexOf(first.router), 1)

    const second = await setUp([{ price }, {}], { providers: [{ budget }], storage })
    expect(await second.ask(...asked)).toBe("u1/ok")
    const [u0, u1] = second.upstreams
    const config = (budget: string) => ({
      providers: {
        u0: { type: "openai-compatible", baseUrl: u0!.url, budget },
        u1: { type: "openai-compatible", baseUrl: u1!.url },
      },
      groups: { g: [{ provider: "u0", model: "ok", price }, "u1/ok"] },
      storage,
    })
    // Another window begins with what the ledger knows of it, and more money is more money.
    second.router.configure(config("$0.02/month"))
    expect((await second.router.runtime.reload()).ok).toBe(true)
    expect(await second.ask(...asked)).toBe("u1/ok")
    second.router.configure(config("$1/month"))
    await second.router.runtime.reload()
    expect(await second.ask(...asked)).toBe("u0/ok")
  })

  test("gets back what was kept aside for attempts that failed, or that were too slow", async () => {
    const dear = { input: 0.001, output: 10_000 }
    const { ask, router, upstreams } = await setUp([{ price: dear }, { price: dear }], {
      providers: [{ budget: "$1000/day" }, { budget: "$1000/day" }],
      group: { hedge: "20ms" },
    })
    const [u0] = upstreams
    for (const script of ["slow:200ms|ok", "slow:25ms|ok", "status:500", "rst", "hdr|role|cut"]) {
      u0!.script(script)
      for (const stream of [true, false]) {
        await ask(...chat("hi", { max_tokens: 5, stream }))
      }
    }
    await Promise.all([ask(...asked), ask(...asked), ask(...asked)])
    const { spending, clock } = router.runtime.context
    for (const provider of router.runtime.snapshot.settings.providers) {
      // What a lost attempt cost is guessed by its input, which is cheap here: next to nothing.
      const left = provider.budget!.amount - (await spentAt(router, provider.name)) - 1e6
      await until(() => spending.usedUpUntil(provider, left, clock.now()) === undefined)
      expect(spending.usedUpUntil(provider, left + 2e6, clock.now())).toBeDefined()
    }
  })

  test("does not count requests without a price", async () => {
    const { ask } = await setUp([{}, {}], { providers: [{ budget: "$0.01" }] })
    for (let round = 0; round < 10; round++) expect(await ask(...asked)).toBe("u0/ok")
  })
})
