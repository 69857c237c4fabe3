import { unpackRoute } from "../../src/core/route-text.ts"
import type { closing } from "../support/cleanup.ts"
import { type ConfigFile, type Router, startRouter } from "../support/router.ts"
import { type Behaviour, startUpstream, type Upstream } from "../support/upstream/index.ts"
import { type MatrixUpstream, upstreams } from "../matrix/upstreams.ts"

const user = { role: "user", content: "hi" }

/** A streamed request in each protocol that is served. */
export const CALLERS = {
  chat: ["/v1/chat/completions", { model: "g", stream: true, messages: [user] }],
  responses: ["/v1/responses", { model: "g", stream: true, input: "hi" }],
  messages: ["/v1/messages", { model: "g", stream: true, max_tokens: 4096, messages: [user] }],
  gemini: [
    "/v1beta/models/g:streamGenerateContent?alt=sse",
    { contents: [{ role: "user", parts: [{ text: "hi" }] }] },
  ],
} as const

export type CallerId = keyof typeof CALLERS
export const CALLER_IDS = Object.keys(CALLERS) as CallerId[]

/** What a client makes of a stream. */
export interface Heard {
  text: string
  /** Whether the protocol's proper end came, once and last. */
  whole: boolean
  error: boolean
  events: Event[]
  comments: string[]
}

/** What of an event is looked at, whatever its protocol. */
export interface Event {
  type?: string
  error?: unknown
  choices?: { delta?: { content?: string }; finish_reason?: string | null }[]
  candidates?: {
    content?: { parts?: { text?: string; thought?: boolean }[] }
    finishReason?: string
  }[]
  delta?: string | { type?: string; text?: string }
  usage?: { output_tokens?: number }
}

/** Reads a stream as the protocol's clients do. */
export function hear(caller: CallerId, raw: string): Heard {
  const lines = raw.split("\n")
  const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6))
  const events = data.filter((line) => line !== "[DONE]").map((line) => JSON.parse(line) as Event)
  const last = events.at(-1)
  const ends: Record<CallerId, () => boolean> = {
    chat: () =>
      data.at(-1) === "[DONE]" && count(events, (e) => e.choices?.[0]?.finish_reason) === 1,
    responses: () =>
      last?.type === "response.completed" &&
      count(events, (e) => e.type === "response.created") === 1,
    messages: () =>
      last?.type === "message_stop" && count(events, (e) => e.type === "message_start") === 1,
    gemini: () =>
      last?.candidates?.[0]?.finishReason === "STOP" &&
      count(events, (e) => e.candidates?.[0]?.finishReason) === 1,
  }
  return {
    text: events.map((event) => textOf(caller, event)).join(""),
    whole: ends[caller](),
    error: events.some(
      (event) => event.error || event.type === "error" || event.type === "response.failed",
    ),
    events,
    comments: lines.filter((line) => line.startsWith(":")),
  }
}

const count = (events: Event[], is: (event: Event) => unknown) =>
  events.filter((each) => is(each)).length

function textOf(caller: CallerId, { type, delta, choices, candidates }: Event): string {
  if (caller === "chat") return choices?.[0]?.delta?.content ?? ""
  if (caller === "responses") {
    return type === "response.output_text.delta" && typeof delta === "string" ? delta : ""
  }
  if (caller === "messages") {
    return typeof delta === "object" && delta.type === "text_delta" ? (delta.text ?? "") : ""
  }
  const parts = candidates?.[0]?.content?.parts ?? []
  return parts.map(({ text = "", thought }) => (thought ? "" : text)).join("")
}

export const upstreamOf = (id: string): MatrixUpstream => {
  const found = upstreams.find((each) => each.id === id)
  if (!found) throw new Error(`no upstream ${id}`)
  return found
}

/** An upstream, what it does, and what else its provider's config says. */
export type Link = readonly [id: string, script: Behaviour, provider?: object]

/** Upstreams with their scripts, in the order of the group, and a router before them. */
export async function openChain(
  use: ReturnType<typeof closing>,
  links: readonly Link[],
  { group = {}, ...rest }: ConfigFile & { group?: object } = {},
): Promise<{ router: Router; chain: Upstream[] }> {
  const chain = await Promise.all(
    links.map(([, script]) => use(startUpstream({ script: () => script }))),
  )
  const providers = links.map(([id, , more], at) => [
    `u${at}`,
    {
      ...upstreamOf(id).provider(`http://127.0.0.1:${chain[at]!.port}`),
      timeouts: { connect: "1s" },
      ...more,
    },
  ])
  const router = await use(
    startRouter({
      providers: Object.fromEntries(providers),
      groups: {
        g: {
          models: links.map(([id], at) => `u${at}/${upstreamOf(id).model}`),
          continuation: true,
          ...group,
        },
      },
      ...rest,
    }),
  )
  return { router, chain }
}

/** Lets an upstream go on behind its `gate` when its client has this of the stream. */
export type Gate = readonly [heard: string, upstream: Upstream | (() => void)]

/** Asks for a stream and reads all of it. */
export async function listen(
  router: Router,
  caller: CallerId,
  gates: readonly Gate[] = [],
  more: object = {},
): Promise<Heard & { headers: Headers; raw: string }> {
  const [path, body] = CALLERS[caller]
  const response = await router.post(path, { ...body, ...more })
  let raw = ""
  const decoder = new TextDecoder()
  const closed = [...gates]
  for await (const chunk of response.body!) {
    raw += decoder.decode(chunk, { stream: true })
    while (closed[0] && raw.includes(closed[0][0])) {
      const [, behind] = closed.shift()!
      if (typeof behind === "function") behind()
      else behind.requests[0]!.gate.open()
    }
  }
  return { ...hear(caller, raw), headers: response.headers, raw }
}

/** Two upstreams of Chat. */
export const pair = (first: string, second: string): Link[] => [
  ["openai-chat", first],
  ["openai-chat", second],
]

/** The last row of the ledger, and its attempts. */
export async function lastRow(router: Router) {
  const row = (await router.rows()).at(-1)!
  const { attempts } = unpackRoute(String(row["route"]))
  return { row, attempts }
}
