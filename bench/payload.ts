/** Name of the router's group, and of the upstream's model. */
export const MODEL = "bench"

/** Events with content in one streamed answer. */
export const CHUNKS = 100

/** Milliseconds between two events of a paced stream. */
export const GAP = 10

/** Milliseconds that the upstream thinks about a `slow` request. */
export const DELAY = 50

/**
 * How the upstream answers, which a request says in `user`: whole and at once, whole after a while,
 * as a stream with a model's pace, or as a stream as fast as it can be.
 */
export type Kind = (typeof KINDS)[number]

/** All of them. */
export const KINDS = ["plain", "slow", "paced", "fast"] as const

const PROMPT = "Explain in plain words what a reverse proxy does, and when it is worth having. "
const WORDS = "It takes a request, passes it on, and hands the answer back. "

const streams = (kind: Kind) => kind === "paced" || kind === "fast"

/** The body of a chat completion. Of about 1 KB, or so many bytes more. */
export function requestBody(kind: Kind, model = MODEL, more = 0): string {
  return JSON.stringify({
    model,
    ...(streams(kind) && { stream: true, stream_options: { include_usage: true } }),
    user: kind,
    temperature: 0.2,
    messages: [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: PROMPT.repeat(10 + Math.ceil(more / PROMPT.length)).trim() },
    ],
  })
}

/** The same as a request for Anthropic's messages, of which the model says how it is answered. */
export function messagesBody(kind: Kind, model = MODEL): string {
  return JSON.stringify({
    model: `${model}-${kind}`,
    max_tokens: 1000,
    ...(streams(kind) && { stream: true }),
    temperature: 0.2,
    system: "You are a helpful assistant.",
    messages: [{ role: "user", content: PROMPT.repeat(10).trim() }],
  })
}

/** A whole answer, about 1 KB. */
export function completion(): object {
  return {
    id: "chatcmpl-bench",
    object: "chat.completion",
    created: 1_790_000_000,
    model: MODEL,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: WORDS.repeat(12).trim() },
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 180, completion_tokens: 150, total_tokens: 330 },
  }
}

const head = {
  id: "chatcmpl-bench",
  object: "chat.completion.chunk",
  created: 1_790_000_000,
  model: MODEL,
}

/** One event of a streamed answer. */
export function streamEvent(): string {
  const choices = [{ index: 0, delta: { content: " word" }, finish_reason: null }]
  return `data: ${JSON.stringify({ ...head, choices })}\n\n`
}

/** The end of a streamed answer, with `[DONE]`. */
export function streamEnd(chunks = CHUNKS): string {
  const choices = [{ index: 0, delta: {}, finish_reason: "stop" }]
  const usage = { prompt_tokens: 180, completion_tokens: chunks, total_tokens: 180 + chunks }
  const end = `data: ${JSON.stringify({ ...head, choices })}\n\n`
  return `${end}data: ${JSON.stringify({ ...head, choices: [], usage })}\n\ndata: [DONE]\n\n`
}
