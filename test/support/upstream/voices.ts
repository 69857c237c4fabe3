import { endpointOf, unknownFields, usageOf } from "./answers.ts"
import type { RecordedRequest } from "./request.ts"
import type { Wire } from "./wire.ts"

/** Says the ops of a script, event by event or collected in one JSON document. */
export interface Voice {
  /** Sends the headers now. */
  begin(): Promise<void>
  role(): Promise<void>
  text(text: string): Promise<void>
  think(text: string): Promise<void>
  tools(count: number): Promise<void>
  finish(reason: string): Promise<void>
  usage(): Promise<void>
  error(kind: string): Promise<void>
  /** Bytes that are no event of ours. */
  raw(text: string): Promise<void>
  /** What a good answer ends with, and the end. */
  done(): Promise<void>
  /** Sends what is there and half of what is not, so that a close now is a broken answer. */
  half(): Promise<void>
  /** Ends the body as it is. */
  end(): Promise<void>
}

interface Setup {
  record: RecordedRequest
  wire: Wire
  status: () => number
  headers: Readonly<Record<string, string>>
  reasoning: () => number
}

const CREATED = 1_750_000_000

export const errorBody = (kind: string) => ({
  error: { message: `The upstream says ${kind}.`, type: `${kind}_error`, param: null, code: kind },
})

function toolNames(record: RecordedRequest, count: number): string[] {
  const tools = record.json?.["tools"]
  const named = Array.isArray(tools)
    ? tools.map((tool) => (tool as { function?: { name?: string } }).function?.name)
    : []
  return Array.from({ length: count }, (_, n) => named[n] ?? `tool_${n}`)
}

const toolArguments = (n: number) =>
  JSON.stringify({ city: `Zürich ${n}`, note: 'a "quote" \\ 👩‍👩‍👧' })

function envelope(record: RecordedRequest, chunk: boolean) {
  const legacy = endpointOf(record) === "/completions"
  return {
    id: `${legacy ? "cmpl" : "chatcmpl"}-up${record.index}`,
    object: legacy ? "text_completion" : chunk ? "chat.completion.chunk" : "chat.completion",
    created: CREATED,
    model: record.model,
  }
}

/** Server-sent events. */
export function streamVoice(setup: Setup, options: { crlf: boolean; done: boolean }): Voice {
  const { record, wire } = setup
  const legacy = endpointOf(record) === "/completions"
  const eol = options.crlf ? "\r\n" : "\n"
  const asked =
    (record.json?.["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage ===
    true
  let extra = unknownFields(record)
  let finished = false
  let counted = false

  const begin = async () => {
    if (wire.started) return
    const type = { "content-type": "text/event-stream; charset=utf-8" }
    await wire.head(setup.status(), { ...type, "cache-control": "no-cache", ...setup.headers })
  }
  const raw = async (text: string) => {
    await begin()
    await wire.body(text)
  }
  const event = (data: object | string) =>
    raw(`data: ${typeof data === "string" ? data : JSON.stringify(data)}${eol}${eol}`)
  const chunk = async (choices: object[], usage: object | null) => {
    await event({
      ...envelope(record, true),
      choices,
      ...((asked || usage) && { usage }),
      ...(extra && { extra }),
    })
    extra = undefined
  }
  const delta = (content: object, reason: string | null = null) =>
    chunk([{ index: 0, delta: content, logprobs: null, finish_reason: reason }], null)
  const words = (text: string, reason: string | null) =>
    chunk([{ index: 0, text, logprobs: null, finish_reason: reason }], null)

  const voice: Voice = {
    begin,
    raw,
    role: () => (legacy ? begin() : delta({ role: "assistant", content: "", refusal: null })),
    text: (text) => (legacy ? words(text, null) : delta({ content: text })),
    think: (text) => delta({ reasoning_content: text }),
    async tools(count) {
      for (const [index, name] of toolNames(record, count).entries()) {
        const id = `call_up${record.index}_${index}`
        const opening = { index, id, type: "function", function: { name, arguments: "" } }
        await delta({ tool_calls: [opening] })
        for (const fragment of toolArguments(index).match(/.{1,7}/gsu) ?? []) {
          await delta({ tool_calls: [{ index, function: { arguments: fragment } }] })
        }
      }
    },
    async finish(reason) {
      finished = true
      await (legacy ? words("", reason) : delta({}, reason))
    },
    async usage() {
      counted = true
      await chunk([], usageOf(record, setup.reasoning()))
    },
    error: (kind) => event(errorBody(kind)),
    async done() {
      if (!finished) await voice.finish("stop")
      if (asked && !counted) await voice.usage()
      if (options.done) await event("[DONE]")
      await wire.end()
    },
    half: () => raw(`data: {"id":"chatcmpl-up${record.index}","obj`),
    async end() {
      await begin()
      await wire.end()
    },
  }
  return voice
}

/** One JSON document at the end. */
export function wholeVoice(setup: Setup): Voice {
  const { record, wire } = setup
  let content = ""
  let thoughts = ""
  let calls: object[] = []
  let reason: string | undefined
  let verbatim: string | undefined
  const nothing = async () => {}

  const body = () => {
    if (verbatim !== undefined) return verbatim
    const message = {
      role: "assistant",
      content: calls.length > 0 && content === "" ? null : content,
      refusal: null,
      ...(thoughts && { reasoning_content: thoughts }),
      ...(calls.length > 0 && { tool_calls: calls }),
    }
    const finish_reason = reason ?? (calls.length > 0 ? "tool_calls" : "stop")
    const said = endpointOf(record) === "/completions" ? { text: content } : { message }
    return JSON.stringify({
      ...envelope(record, false),
      choices: [{ index: 0, ...said, logprobs: null, finish_reason }],
      usage: usageOf(record, setup.reasoning()),
      extra: unknownFields(record),
    })
  }
  const head = async (length?: number) => {
    if (wire.started) return
    const headers = { "content-type": "application/json", ...setup.headers }
    await wire.head(setup.status(), headers, length)
  }

  return {
    begin: () => head(),
    role: nothing,
    usage: nothing,
    async text(text) {
      content += text
    },
    async think(text) {
      thoughts += text
    },
    async tools(count) {
      calls = toolNames(record, count).map((name, n) => ({
        id: `call_up${record.index}_${n}`,
        type: "function",
        function: { name, arguments: toolArguments(n) },
      }))
    },
    async finish(why) {
      reason = why
    },
    async error(kind) {
      verbatim = JSON.stringify(errorBody(kind))
    },
    async raw(text) {
      verbatim = (verbatim ?? "") + text
    },
    async done() {
      const bytes = Buffer.from(body())
      await head(bytes.length)
      await wire.body(bytes)
      await wire.end()
    },
    async half() {
      const bytes = Buffer.from(body())
      await head(bytes.length)
      await wire.body(bytes.subarray(0, bytes.length >> 1))
    },
    async end() {
      await this.done()
    },
  }
}
