import { expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { type Router, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { CALLER_IDS, CALLERS, type CallerId, listen, openChain } from "./continuation-bench.ts"

const use = closing()

/** The upstream that speaks the protocol of each caller. */
const OWN = {
  chat: "openai-chat",
  responses: "openai-responses",
  messages: "anthropic-messages",
  gemini: "gemini",
} as const

/** Tokens of the text that comes before a stream breaks off. */
const SAID = (40 * 27 + "Hello".length) / 4
const SCRIPT = `use:;input=1000;read=0;output=1|role|${`line:27|`.repeat(40)}tok:1|`

async function opened(upstream: string, end: string, script = SCRIPT) {
  const { router, chain } = await openChain(
    use,
    [[upstream, script + end, { budget: "$1/month" }]],
    { group: { continuation: false } },
  )
  const { deployments } = router.runtime.snapshot.table.groups.get("g")!
  const { provider } = deployments[0]!
  const spent = (cost: number) => {
    const { spending, clock } = router.runtime.context
    const left = (more: number) =>
      spending.usedUpUntil(provider, 1e9 - more, clock.now()) === undefined
    return left(cost) && !left(cost - 1)
  }
  return { router, chain, spent }
}

/** Reads all that comes, and leaves. */
async function leave(
  router: Router,
  caller: CallerId,
  { heard = "Hello", at = "", more = {} }: { heard?: string; at?: string; more?: object } = {},
): Promise<void> {
  const [path, body] = CALLERS[caller]
  const client = new AbortController()
  const response = await fetch(router.url + (at || path), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, ...more }),
    signal: client.signal,
  })
  const reader = response.body!.getReader()
  for (let raw = ""; !raw.includes(heard); ) {
    raw += Buffer.from((await reader.read()).value!).toString()
  }
  client.abort()
  await until(async () => (await router.rows()).length === 1)
}

async function onlyRow(router: Router) {
  const [row] = await router.rows()
  const { output, cost, usage } = row!
  return { output: Number(output), cost: Number(cost), usage }
}

for (const caller of CALLER_IDS) {
  for (const upstream of [OWN[caller], caller === "chat" ? OWN.messages : OWN.chat]) {
    const how = upstream === OWN[caller] ? "relayed" : "translated"
    test(`what a stream said that broke off is counted: ${caller}, ${how}`, async () => {
      const { router, chain, spent } = await opened(upstream, "gate|cut")
      expect((await listen(router, caller, [["Hello", chain[0]!]])).error).toBe(true)
      const row = await onlyRow(router)
      expect(row.usage).toBe("estimated")
      expect(row.output).toBeWithin(0.95 * SAID, 1.1 * SAID)
      expect(spent(row.cost)).toBe(true)
    })

    test(`and so is one that its client has left: ${caller}, ${how}`, async () => {
      const { router, spent } = await opened(upstream, "stall")
      await leave(router, caller)
      const row = await onlyRow(router)
      expect(row.usage).toBe("estimated")
      expect(row.output).toBeWithin(0.95 * SAID, 1.1 * SAID)
      expect(spent(row.cost)).toBe(true)
    })
  }
}

const LAST_WORDS = { chat: '"usage":{', messages: "message_delta", gemini: '"STOP"' } as const

for (const caller of ["chat", "messages", "gemini"] as const) {
  test(`what an upstream says at the end is the truth, though the client has not waited for more: ${caller}`, async () => {
    const script = "use:;input=1000;read=0;output=7|role|line:4000|finish|usage|"
    const { router, spent } = await opened(OWN[caller], "stall", script)
    const more = caller === "chat" ? { stream_options: { include_usage: true } } : {}
    await leave(router, caller, { heard: LAST_WORDS[caller], more })
    const [row] = await router.rows()
    expect(row).toMatchObject({ status: 499, usage: "reported", input: 1000, output: 7 })
    expect(spent(Number(row!["cost"]))).toBe(true)
  })
}

test.each([
  ["chat", "relayed", OWN.chat],
  ["messages", "relayed", OWN.messages],
  ["responses", "translated", OWN.chat],
] as const)("a long one is measured by its beginning: %s, %s", async (caller, _, upstream) => {
  const lines = 900
  const script = `role|${`line:27|`.repeat(lines)}tok:1|`
  const { router, chain } = await opened(upstream, "gate|cut", script)
  await listen(router, caller, [["Hello", chain[0]!]])
  const { output } = await onlyRow(router)
  expect(output).toBeWithin((0.95 * lines * 27) / 4, (1.05 * lines * 27) / 4)
})

test("an array of a stream is understood as well", async () => {
  const { router } = await opened(OWN.gemini, "stall")
  await leave(router, "gemini", { at: "/v1beta/models/g:streamGenerateContent" })
  expect((await onlyRow(router)).output).toBeWithin(0.95 * SAID, 1.1 * SAID)
})

test("a copy of a request that breaks off costs its input and what it said, too", async () => {
  const text = { type: "openai-compatible", budget: "$1/month" }
  const own = await use(startUpstream({ script: "role|tok:1|usage|done" }))
  const copy = await use(startUpstream({ script: "role|line:400|stall:50ms|cut" }))
  const router = await use(
    startRouter({
      providers: { a: { ...text, baseUrl: own.url }, b: { ...text, baseUrl: copy.url } },
      groups: {
        g: { models: ["a/m"], mirror: { group: "shadow" } },
        shadow: [{ provider: "b", model: "m", price: { input: 1, output: 1 } }],
      },
    }),
  )
  const messages = [{ role: "user", content: "word ".repeat(400) }]
  const more = { model: "g", stream: true, messages }
  await (await router.post("/v1/chat/completions", more)).text()
  await until(async () => (await router.rows()).length === 2)
  const row = (await router.rows()).find((row) => row["mirror_of"] !== null)!
  expect(row).toMatchObject({ usage: "estimated", output: 100 })
  expect(Number(row["input"])).toBeWithin(450, 700)
  expect(row["cost"]).toBe((Number(row["input"]) + 100) * 1000)
})
