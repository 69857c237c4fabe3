import { invalid, missing, Refusal } from "./failure.ts"
import { isObject, type Json } from "./fields.ts"
import { hintsFrom, wordsOf } from "./hints.ts"
import type { Conversation } from "./messages.ts"
import { instanceOf } from "./schema-instance.ts"
import { idFrom } from "./seed.ts"

interface Tool {
  type: "function" | "custom"
  name: string
  description: string
  parameters: unknown
}

export type ToolCall =
  | { id: string; type: "function"; function: { name: string; arguments: string } }
  | { id: string; type: "custom"; custom: { name: string; input: string } }

/** Words of tool names that say nothing about what the tool is for. */
const VAGUE = new Set(
  "get set list find fetch make create call tool function data info current with this that from your the and for when what which given returns return".split(
    " ",
  ),
)

/** The tool calls that answer a request; none where words are the answer. @throws Refusal */
export function callTools(
  body: Json,
  talk: Conversation,
  seed: number,
  random: () => number,
): ToolCall[] {
  const tools = readTools(body)
  const { mode, allowed } = readChoice(body, tools)
  // After a tool has answered, the demo does: calling it again would never end.
  if (mode === "none" || talk.results.length > 0) return []
  const named = allowed.filter((tool) => mentions(talk.prompt, tool))
  const chosen = named.length > 0 ? named : mode === "required" ? allowed.slice(0, 1) : []
  const most = body["parallel_tool_calls"] === false || mode === "named" ? 1 : chosen.length
  const hints = hintsFrom(talk.prompt)
  return (mode === "named" ? allowed : chosen).slice(0, most).map((tool, index): ToolCall => {
    const id = idFrom("call_", seed, index)
    const { name } = tool
    if (tool.type === "custom") return { id, type: "custom", custom: { name, input: talk.prompt } }
    const made = makeArguments(tool, () => instanceOf(tool.parameters, hints, random))
    return { id, type: "function", function: { name, arguments: JSON.stringify(made) } }
  })
}

function makeArguments(tool: Tool, make: () => unknown): unknown {
  try {
    return make()
  } catch (error) {
    const why = `Invalid schema for function '${tool.name}': ${(error as Error).message}.`
    throw new Refusal(400, why, "tools", "invalid_function_parameters")
  }
}

function readTools(body: Json): Tool[] {
  const { tools } = body
  if (tools === undefined || tools === null) return []
  if (!Array.isArray(tools)) throw invalid("tools", "expected an array", tools, "invalid_type")
  return tools.map((tool, index) => {
    const at = `tools[${index}]`
    const type = isObject(tool) ? tool["type"] : undefined
    if (type !== "function" && type !== "custom") {
      throw invalid(`${at}.type`, "supported values are: function, custom", type)
    }
    const inner = (tool as Json)[type]
    const name = isObject(inner) ? inner["name"] : undefined
    if (!isObject(inner) || typeof name !== "string") throw missing(`${at}.${type}.name`)
    const { description, parameters } = inner
    return {
      type,
      name,
      description: typeof description === "string" ? description : "",
      parameters: parameters ?? { type: "object", properties: {} },
    }
  })
}

function readChoice(body: Json, tools: readonly Tool[]) {
  const choice = body["tool_choice"] ?? (tools.length > 0 ? "auto" : "none")
  if (choice === "none" || choice === "auto") return { mode: choice, allowed: tools }
  if (tools.length === 0) {
    const why = "'tool_choice' is only allowed when 'tools' are specified."
    throw new Refusal(400, why, "tool_choice", null)
  }
  if (choice === "required") return { mode: choice, allowed: tools }
  const nameOf = (value: unknown) => {
    const type = isObject(value) ? `${value["type"]}` : ""
    const inner = isObject(value) ? value[type] : undefined
    return isObject(inner) ? inner["name"] : undefined
  }
  const set = isObject(choice) && isObject(choice["allowed_tools"]) && choice["allowed_tools"]
  if (set && Array.isArray(set["tools"])) {
    const names = set["tools"].map(nameOf)
    const mode = set["mode"] === "required" ? "required" : "auto"
    return { mode, allowed: tools.filter((tool) => names.includes(tool.name)) }
  }
  const named = tools.filter((tool) => tool.name === nameOf(choice))
  if (named.length === 0) {
    throw invalid("tool_choice", "expected none, auto, required or one of the tools", choice)
  }
  return { mode: "named", allowed: named }
}

/** Whether a prompt names a tool, or uses a telling word of its name, or two of its description. */
function mentions(prompt: string, tool: Tool): boolean {
  if (prompt.toLowerCase().includes(tool.name.toLowerCase())) return true
  const said = new Set(wordsOf(prompt).map(singular))
  const hits = (text: string, length: number) =>
    new Set(wordsOf(text).map(singular))
      .values()
      .filter((word) => word.length >= length && !VAGUE.has(word) && said.has(word))
      .toArray().length
  return hits(tool.name, 4) >= 1 || hits(tool.description, 5) >= 2
}

const singular = (word: string) => (word.length > 4 ? word.replace(/s$/, "") : word)
