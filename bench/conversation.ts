import { MODEL } from "./payload.ts"

/** Calls of tools that a conversation holds, each with its result. */
const CALLS = 400

const TOOLS = ["read_file", "write_file", "list_files", "search", "run", "fetch", "plan", "ask"]

const tool = (name: string) => ({
  name,
  description: `Does what "${name}" says in the folder of the project, and answers with text.`,
  input_schema: {
    type: "object",
    properties: {
      path: { type: "string", description: "Where, as a path below the folder." },
      pattern: { type: "string", description: "What to look for, as a regular expression." },
      from: { type: "integer", minimum: 1, description: "The first line that is wanted." },
      to: { type: "integer", minimum: 1, description: "The last line that is wanted." },
      reason: { type: "string", description: "Why, in words for a person." },
    },
    required: ["path", "reason"],
    additionalProperties: false,
  },
})

const LINE = `  const answer = await ask(request, { "signal": signal })\t// It's "whole" here.\n`

/** A call of a tool and what came of it. */
function callOf(index: number): object[] {
  const id = `toolu_${String(index).padStart(24, "0")}`
  const path = `src/part-${index % 40}/file-${index}.ts`
  const input = { path, from: 1 + index, to: 40 + index, reason: "The caller is defined there." }
  const name = TOOLS[index % TOOLS.length]
  const result = LINE.repeat(1 + (index % 2))
  return [
    {
      role: "assistant",
      content: [
        { type: "text", text: `I look at ${path} next.` },
        { type: "tool_use", id, name, input },
      ],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: result }] },
  ]
}

/**
 * What a coding agent sends late in its work, as a request for Anthropic's messages: 200 KB of tools and
 * of calls, all of which are to be translated, for an answer of 1 KB.
 */
export function conversationBody(model = MODEL): string {
  return JSON.stringify({
    model: `${model}-plain`,
    max_tokens: 1000,
    system: "You are a coding agent. Use the tools, and say in a sentence what you do.",
    tools: TOOLS.map(tool),
    messages: [
      { role: "user", content: "Find out why the second request waits, and repair it." },
      ...Array.from({ length: CALLS }, (_, index) => callOf(index)).flat(),
    ],
  })
}
