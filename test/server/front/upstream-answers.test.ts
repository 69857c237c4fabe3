import { afterAll, beforeAll, expect, test } from "bun:test"
import { overUpstreams, startRouter } from "../../support/router.ts"
import { type Reply, startUpstream, type Upstream } from "../../support/upstream/index.ts"
import { question, request } from "./requests.ts"
import { type Verdict, verdictOf } from "./verdict.ts"

let reply: () => Reply
let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream({ script: () => reply() })
})
afterAll(() => upstream.close())

/** What the same clients get by both ways, each from a router that has not learned from the other's answers. */
async function alike(
  requests: readonly Uint8Array[],
  answers: readonly (() => Reply)[],
): Promise<void> {
  const verdicts: Verdict[][] = []
  for (const way of ["inner", "url"] as const) {
    const router = await startRouter(overUpstreams([{ url: upstream.url }], { retries: 0 }))
    const own: Verdict[] = []
    for (const answer of answers) {
      reply = answer
      for (const bytes of requests) own.push(await verdictOf(router[way], { upstream }, bytes))
    }
    verdicts.push(own)
    await router.close()
  }
  const [behind, front] = verdicts as [Verdict[], Verdict[]]
  expect(front).toEqual(behind)
  expect(front[0]!.upstream.length).toBe(1)
}

const STATUSES = [
  ...[200, 201, 202, 206, 299, 300, 302, 400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 424],
  ...[429, 431, 451, 499, 500, 501, 502, 503, 504, 529, 599, 600, 999],
]

test.each(STATUSES)("an upstream's status %d is told alike", async (status) => {
  const bodies = ['{"error":{"message":"why"}}', "", "no JSON"]
  const requests = [false, true].map((stream) => request({ body: question("g", { stream }) }))
  await alike(
    requests,
    bodies.map((body) => () => ({ status, body })),
  )
})

const ANSWER = '{"object":"chat.completion","choices":[{"index":0,"message":{"content":"x"}}]}'
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a type in capitals": { "content-type": "APPLICATION/JSON; CHARSET=UTF-8" },
  "a type above ASCII": { "content-type": "text/caf\xe9" },
  "what is for one connection": { connection: "x-odd", "keep-alive": "timeout=5", "x-odd": "1" },
  "a time to wait": { "retry-after": "7", "x-should-retry": "false" },
  "a language": { "content-language": "de", vary: "accept-language", etag: '"a"' },
  "above ASCII": { "x-ratelimit-limit-requests": "caf\xe9", "openai-version": "\xff" },
}

test.each(Object.entries(HEADERS))(
  "headers of an upstream are told alike: %s",
  async (_, headers) => {
    const requests = ["gzip", "identity"].map((accept) =>
      request({ lines: [`accept-encoding: ${accept}`] }),
    )
    const bodies = [ANSWER, ANSWER.replace('"x"', `"${"y".repeat(3000)}"`)]
    const answers = [200, 400].flatMap((status) =>
      bodies.map((body) => () => ({ status, headers, body })),
    )
    await alike(requests, answers)
  },
)

const EVENT = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
const DONE = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
const STREAMS: Readonly<Record<string, readonly string[]>> = {
  whole: [EVENT, EVENT, DONE],
  "in one piece": [EVENT + EVENT + DONE],
  "byte by byte": [...(EVENT + DONE)],
  "without an end": [EVENT],
  "without a beginning": [DONE],
  "with nothing in it": [],
  "of comments": [": a\n\n", ": b\n\n", EVENT, ": c\n\n", DONE],
  "with an error in it": [EVENT, 'data: {"error":{"message":"why"}}\n\n'],
  "with nonsense in it": [EVENT, "data: {no\n\n", DONE],
  "of large events": [EVENT.replace('"x"', `"${"y".repeat(200_000)}"`), DONE],
  "above ASCII": [EVENT.replace('"x"', '"é✓🤷"'), DONE],
}

test.each(Object.entries(STREAMS))("a stream is told alike: %s", async (_, parts) => {
  async function* body() {
    yield* parts
  }
  const requests = [
    request({ body: question("g", { stream: true }) }),
    request({ target: "/v1/messages", body: question("g", { stream: true, max_tokens: 9 }) }),
    request({
      target: "/v1/responses",
      body: '{"model":"g","input":"hi","stream":true,"store":false}',
    }),
  ]
  await alike(requests, [() => ({ body: body() })])
})

test.each([
  ["application/json", "identity", ANSWER],
  ["application/json", "gzip", ANSWER.replace('"x"', `"${"y".repeat(3000)}"`)],
  ["text/event-stream", "identity", EVENT + DONE],
])("a head as long as an upstream may send is told alike: %s, %s", async (type, accept, body) => {
  const headers = { "content-type": `${type}; odd=${"x".repeat(65_250)}` }
  const stream = type === "text/event-stream"
  const lines = [`accept-encoding: ${accept}`]
  const answers = [() => ({ headers, body }), () => ({ status: 400, headers, body: "" })]
  await alike([request({ lines, body: question("g", { stream }) })], answers)
})
