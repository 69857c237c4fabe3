import { invalid, missing, Refusal } from "./failure.ts"
import { isObject, type Json, numberField, stringsField } from "./fields.ts"
import { hintsFrom } from "./hints.ts"
import { type Conversation, readMessages } from "./messages.ts"
import { quote, replyTo } from "./reply.ts"
import { instanceOf } from "./schema-instance.ts"
import { createdFrom, createRandom, hash, idFrom } from "./seed.ts"
import { toTokens, usageOf } from "./tokens.ts"
import { callTools, type ToolCall } from "./tools.ts"

export interface Choice {
  /** The text in the pieces in which it is spoken. */
  tokens: readonly string[]
  calls: readonly ToolCall[]
  finish: "stop" | "length" | "tool_calls"
}

/** A whole answer, before it is written as JSON or as a stream. */
export interface Completion {
  id: string
  created: number
  model: string
  choices: readonly Choice[]
  usage: ReturnType<typeof usageOf>
}

const MOST = { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true }

/** The part of a request that decides the answer. */
function seedOf(body: Json): number {
  const { stream: _, stream_options: __, user: ___, ...rest } = body
  return hash(JSON.stringify(rest))
}

/** Answers a chat completions request. @throws Refusal */
export function completeChat(body: Json, model: string): Completion {
  const talk = readMessages(body)
  const seed = seedOf(body)
  const limits = readLimits(body)
  const choices = Array.from({ length: limits.n }, (_, index) => {
    const random = createRandom(seed + index)
    const calls = callTools(body, talk, seed + index, random)
    if (calls.length > 0) return { tokens: [], calls, finish: "tool_calls" as const }
    return { ...cut(contentOf(body, talk, random), limits), calls: [] }
  })
  return finish("chatcmpl-", seed, model, choices, talk.tokens)
}

/** Answers a legacy completions request, one prompt after the other. @throws Refusal */
export function completeText(body: Json, model: string): Completion {
  const { prompt } = body
  if (prompt === undefined || prompt === null) throw missing("prompt")
  const list = Array.isArray(prompt) ? prompt : [prompt]
  const prompts = typeof list[0] === "number" ? [list] : list
  const seed = seedOf(body)
  const limits = readLimits(body)
  let tokens = 0
  const choices = prompts.flatMap((each) => {
    const text = Array.isArray(each) ? `${each.length} token ids` : each
    if (typeof text !== "string") {
      throw invalid("prompt", "expected a string, strings or token ids", each, "invalid_type")
    }
    const talk = { prompt: text, attachments: [], results: [], turns: 1, tokens: 0 }
    tokens += Array.isArray(each) ? each.length : toTokens(text).length
    return Array.from({ length: limits.n }, (_, index) => ({
      ...cut(replyTo(talk, createRandom(seed + index)), limits),
      calls: [],
    }))
  })
  return finish("cmpl-", seed, model, choices, tokens)
}

function finish(
  prefix: string,
  seed: number,
  model: string,
  choices: Choice[],
  prompt: number,
): Completion {
  const spoken = choices.map(
    ({ tokens, calls }) =>
      tokens.length + calls.reduce((sum, call) => sum + toTokens(JSON.stringify(call)).length, 0),
  )
  const usage = usageOf(
    prompt,
    spoken.reduce((sum, count) => sum + count, 0),
  )
  return { id: idFrom(prefix, seed), created: createdFrom(seed), model, choices, usage }
}

function readLimits(body: Json) {
  const asked = [
    numberField(body, "max_completion_tokens", MOST),
    numberField(body, "max_tokens", MOST),
  ]
  numberField(body, "temperature", { min: 0, max: 2 })
  numberField(body, "top_p", { min: 0, max: 1 })
  const stops = stringsField(body, "stop").filter((stop) => stop !== "")
  const max = Math.min(...asked.map((each) => each ?? Number.POSITIVE_INFINITY))
  return { max, stops, n: numberField(body, "n", { min: 1, max: 128, integer: true }) ?? 1 }
}

/** Ends a text at the first stop sequence, then at the token limit. */
function cut(text: string, { stops, max }: { stops: readonly string[]; max: number }) {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  const tokens = toTokens(ends.length > 0 ? text.slice(0, Math.min(...ends)) : text)
  const long = tokens.length > max
  return { tokens: tokens.slice(0, max), finish: long ? ("length" as const) : ("stop" as const) }
}

function contentOf(body: Json, talk: Conversation, random: () => number): string {
  const format = body["response_format"]
  if (format === undefined || format === null) return replyTo(talk, random)
  const type = isObject(format) ? format["type"] : undefined
  if (type === "text") return replyTo(talk, random)
  if (type === "json_object") {
    const answer = "This is the demo of LLM Router; add a provider to hear from a real model."
    return JSON.stringify({ answer, prompt: quote(talk.prompt) })
  }
  if (type !== "json_schema") {
    const why = "supported values are: text, json_object, json_schema"
    throw invalid("response_format.type", why, type)
  }
  const wanted = (format as Json)["json_schema"]
  if (!isObject(wanted)) throw missing("response_format.json_schema")
  if (typeof wanted["name"] !== "string") throw missing("response_format.json_schema.name")
  try {
    return JSON.stringify(instanceOf(wanted["schema"] ?? {}, hintsFrom(talk.prompt), random))
  } catch (error) {
    const why = `Invalid schema for response_format '${wanted["name"]}': ${(error as Error).message}.`
    throw new Refusal(400, why, "response_format", null)
  }
}
