import { invalid, missing } from "./failure.ts"
import { isObject, type Json } from "./fields.ts"
import { countTokens, IMAGE_TOKENS } from "./tokens.ts"

const ROLES = ["system", "developer", "user", "assistant", "tool", "function"]

/** What the demo knows of a conversation. */
export interface Conversation {
  /** Text of the last user message. */
  prompt: string
  /** Descriptions of the pictures, sounds and files in the last user message. */
  attachments: readonly string[]
  /** Text of the tool results after the last user message. */
  results: readonly string[]
  /** Messages by the user so far. */
  turns: number
  tokens: number
}

/** Reads `messages`. @throws Refusal naming the first thing that is wrong. */
export function readMessages(body: Json): Conversation {
  const { messages } = body
  if (messages === undefined || messages === null) throw missing("messages")
  if (!Array.isArray(messages)) {
    throw invalid("messages", "expected an array of messages", messages, "invalid_type")
  }
  if (messages.length === 0) {
    throw invalid("messages", "expected at least one message", messages, "empty_array")
  }
  const talk = { prompt: "", attachments: [] as string[], results: [] as string[], turns: 0 }
  let tokens = 3
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    if (!isObject(message)) throw invalid(at, "expected an object", message, "invalid_type")
    const { role } = message
    if (role === undefined) throw missing(`${at}.role`)
    if (typeof role !== "string" || !ROLES.includes(role)) {
      throw invalid(`${at}.role`, `supported values are: ${ROLES.join(", ")}`, role)
    }
    if (role === "tool" && typeof message["tool_call_id"] !== "string") {
      throw missing(`${at}.tool_call_id`)
    }
    const { text, attachments } = readContent(message, role, at)
    tokens += 4 + countTokens(text) + attachments.length * IMAGE_TOKENS
    tokens += countTokens(JSON.stringify(message["tool_calls"] ?? ""))
    if (role === "user") {
      Object.assign(talk, { prompt: text, attachments, results: [], turns: talk.turns + 1 })
    }
    if (role === "tool" || role === "function") talk.results.push(text)
  }
  return { ...talk, tokens }
}

function readContent(message: Json, role: string, at: string) {
  const { content } = message
  if (typeof content === "string") return { text: content, attachments: [] }
  if (content === undefined || content === null) {
    if (role !== "assistant") throw missing(`${at}.content`)
    return { text: "", attachments: [] }
  }
  if (!Array.isArray(content)) {
    const why = "expected a string or an array of content parts"
    throw invalid(`${at}.content`, why, content, "invalid_type")
  }
  const texts: string[] = []
  const attachments: string[] = []
  for (const [index, part] of content.entries()) {
    const path = `${at}.content[${index}]`
    if (!isObject(part)) throw invalid(path, "expected an object", part, "invalid_type")
    const type = part["type"]
    const inner = isObject(part[`${type}`]) ? (part[`${type}`] as Json) : undefined
    if (type === "text" || type === "refusal") {
      const text = part[type]
      if (typeof text !== "string") throw missing(`${path}.${type}`)
      texts.push(text)
    } else if (type === "image_url") {
      if (typeof inner?.["url"] !== "string") throw missing(`${path}.image_url.url`)
      attachments.push(describeUrl("a picture", inner["url"]))
    } else if (type === "input_audio") {
      if (typeof inner?.["data"] !== "string") throw missing(`${path}.input_audio.data`)
      const mime = `audio/${inner["format"] ?? "wav"}`
      attachments.push(describeUrl("a sound", `data:${mime};base64,${inner["data"]}`))
    } else if (type === "file") {
      const name = inner?.["filename"] ?? inner?.["file_id"] ?? "without a name"
      const data = inner?.["file_data"]
      const what = `a file ${name}`
      attachments.push(typeof data === "string" ? describeUrl(what, data) : what)
    } else {
      const why = "supported values are: text, refusal, image_url, input_audio, file"
      throw invalid(`${path}.type`, why, type)
    }
  }
  return { text: texts.join("\n"), attachments }
}

/** `a picture (image/png, 70 bytes)` for a data URL; other URLs are named and not fetched. */
function describeUrl(what: string, url: string): string {
  const data = /^data:([^;,]*)(;base64)?,/.exec(url)
  if (!data) return `${what} at ${url.slice(0, 100)} (the demo fetches nothing)`
  const rest = url.length - data[0].length
  const padding = url.endsWith("==") ? 2 : url.endsWith("=") ? 1 : 0
  const bytes = data[2] ? Math.floor((rest * 3) / 4) - padding : rest
  return `${what} (${data[1] || "text/plain"}, ${bytes} bytes)`
}
