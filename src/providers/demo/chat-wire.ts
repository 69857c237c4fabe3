import type { Completion } from "./chat.ts"
import { isObject, type Json } from "./fields.ts"
import type { Piece } from "./pace.ts"
import { toTokens } from "./tokens.ts"

const FINGERPRINT = "fp_llmrouter_demo"

function head({ id, created, model }: Completion, object: string) {
  return { id, object, created, model, system_fingerprint: FINGERPRINT }
}

/** A chat completion as one JSON value. */
export function chatAnswer(completion: Completion): object {
  return {
    ...head(completion, "chat.completion"),
    choices: completion.choices.map(({ tokens, calls, finish }, index) => ({
      index,
      message: {
        role: "assistant",
        content: calls.length > 0 ? null : tokens.join(""),
        refusal: null,
        annotations: [],
        ...(calls.length > 0 && { tool_calls: calls }),
      },
      logprobs: null,
      finish_reason: finish,
    })),
    usage: completion.usage,
    service_tier: "default",
  }
}

/** A legacy completion as one JSON value. */
export function textAnswer(completion: Completion): object {
  return {
    ...head(completion, "text_completion"),
    choices: completion.choices.map(({ tokens, finish }, index) => ({
      text: tokens.join(""),
      index,
      logprobs: null,
      finish_reason: finish,
    })),
    usage: completion.usage,
  }
}

function createEvents(completion: Completion, object: string, body: Json) {
  const options = body["stream_options"]
  const counted = isObject(options) && options["include_usage"] === true
  const event = (choices: object[], usage: object | null): string =>
    `data: ${JSON.stringify({ ...head(completion, object), choices, ...(counted && { usage }) })}\n\n`
  return {
    one: (choice: object, tokens = 0): Piece => ({ text: event([choice], null), tokens }),
    *end(): Generator<Piece> {
      if (counted) yield { text: event([], completion.usage), tokens: 0 }
      yield { text: "data: [DONE]\n\n", tokens: 0 }
    },
  }
}

/** A chat completion as a stream of events: role, deltas, finish reason, usage if asked, [DONE]. */
export function* chatEvents(completion: Completion, body: Json): Generator<Piece> {
  const events = createEvents(completion, "chat.completion.chunk", body)
  for (const [index, { tokens, calls, finish }] of completion.choices.entries()) {
    const chunk = (delta: object, spoken = 0, finish_reason: string | null = null) =>
      events.one({ index, delta, logprobs: null, finish_reason }, spoken)
    const content = calls.length > 0 ? null : ""
    yield chunk({ role: "assistant", content, refusal: null })
    for (const token of tokens) yield chunk({ content: token }, 1)
    for (const [at, call] of calls.entries()) {
      const { name } = call.type === "custom" ? call.custom : call.function
      const text = call.type === "custom" ? call.custom.input : call.function.arguments
      const field = call.type === "custom" ? "input" : "arguments"
      const opening = {
        index: at,
        id: call.id,
        type: call.type,
        [call.type]: { name, [field]: "" },
      }
      yield chunk({ tool_calls: [opening] }, 1)
      for (const part of toTokens(text)) {
        yield chunk({ tool_calls: [{ index: at, [call.type]: { [field]: part } }] }, 1)
      }
    }
    yield chunk({}, 0, finish)
  }
  yield* events.end()
}

/** A legacy completion as a stream of events. */
export function* textEvents(completion: Completion, body: Json): Generator<Piece> {
  const events = createEvents(completion, "text_completion", body)
  for (const [index, { tokens, finish }] of completion.choices.entries()) {
    for (const text of tokens) {
      yield events.one({ text, index, logprobs: null, finish_reason: null }, 1)
    }
    yield events.one({ text: "", index, logprobs: null, finish_reason: finish })
  }
  yield* events.end()
}
