/** Name of the router's group, and of the upstream's model. */
export const MODEL = "bench"

/** Events with content in one streamed answer. */
export const CHUNKS = 100

/** Milliseconds between two events of a paced stream. */
export const GAP = 10

const PROMPT = "Explain in plain words what a reverse proxy does, and when it is worth having. "
const WORDS = "It takes a request, passes it on, and hands the answer back. "

/** The body of a request, about 1 KB. `paced` streams are slow, as a model is; others as fast as they can be. */
export function requestBody(kind: "plain" | "paced" | "fast"): string {
  return JSON.stringify({
    model: MODEL,
    ...(kind !== "plain" && { stream: true, stream_options: { include_usage: true } }),
    user: kind,
    temperature: 0.2,
    messages: [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: PROMPT.repeat(10).trim() },
    ],
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

/** The end of a streamed answer, up to `[DONE]`. */
export function streamUsage(): string {
  const choices = [{ index: 0, delta: {}, finish_reason: "stop" }]
  const usage = { prompt_tokens: 180, completion_tokens: CHUNKS, total_tokens: 180 + CHUNKS }
  const end = `data: ${JSON.stringify({ ...head, choices })}\n\n`
  return `${end}data: ${JSON.stringify({ ...head, choices: [], usage })}\n\n`
}
