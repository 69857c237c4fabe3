import {
  type CanonicalRequest,
  EFFORTS,
  type Effort,
  type ExtraField,
  type OutputFormat,
  type ReasoningWish,
  type TextBlock,
} from "../../core/canonical.ts"
import type { Operation } from "../../core/operation.ts"
import { jsonTextOf } from "../../transport/json.ts"
import { decodeInput } from "./decode-items.ts"
import { decodeToolChoice, decodeTools } from "./decode-tools.ts"
import { extraFields } from "./extra-fields.ts"
import { PROTOCOL } from "./id.ts"
import { invalid } from "./invalid.ts"
import { parseBody } from "./parse-body.ts"
import { type Fields, isRecord, number, record, text } from "./wire.ts"

/**
 * What a request in this protocol means.
 *
 * @throws GatewayError `invalid-request`
 */
export function decodeResponsesRequest(
  body: Uint8Array,
  operation: Operation = "chat",
): CanonicalRequest {
  const fields = parseBody(body)
  // The tokens of tools and instructions can be counted alone.
  if (operation === "chat" && isEmpty(fields))
    throw invalid("`input` must have at least one item.", "input")
  const { system, turns, tools: among, extra: items } = decodeInput(fields["input"] ?? [])
  const tools = [...decodeTools(fields["tools"], "tools"), ...among]
  const toolChoice = decodeToolChoice(fields["tool_choice"], tools)
  const { reasoning, extra } = decodeReasoningWish(fields)
  const output = decodeFormat(record(fields["text"])["format"])
  return {
    protocol: PROTOCOL,
    model: text(fields["model"]) ?? "",
    stream: fields["stream"] === true,
    system: [...instructions(fields["instructions"]), ...system],
    turns,
    tools,
    ...(toolChoice && { toolChoice }),
    ...(reasoning && { reasoning }),
    ...(output && { output }),
    ...numbers(fields),
    ...words(fields),
    ...logprobsOf(fields),
    ...(typeof fields["parallel_tool_calls"] === "boolean" && {
      parallelTools: fields["parallel_tool_calls"],
    }),
    ...(typeof fields["store"] === "boolean" && { store: fields["store"] }),
    ...(isGiven(fields["metadata"]) && { metadata: jsonTextOf(fields["metadata"]) }),
    extra: new Map([...extraFields(fields), ...extra, ...items]),
  }
}

/** Whether there is no conversation, neither here nor in what the request refers to. */
function isEmpty(fields: Fields): boolean {
  const input = fields["input"] ?? []
  if (!Array.isArray(input) || input.length > 0) return false
  return !ELSEWHERE.some((name) => isGiven(fields[name]))
}

const ELSEWHERE = ["previous_response_id", "conversation", "prompt"]

const isGiven = (value: unknown) => value !== undefined && value !== null

function instructions(value: unknown): TextBlock[] {
  const said = text(value)
  return said === undefined ? [] : [{ type: "text", text: said, at: "instructions" }]
}

const NUMBERS = [
  ["max_output_tokens", "maxTokens"],
  ["temperature", "temperature"],
  ["top_p", "topP"],
  ["frequency_penalty", "frequencyPenalty"],
  ["presence_penalty", "presencePenalty"],
] as const

type Numbers = Partial<Pick<CanonicalRequest, (typeof NUMBERS)[number][1]>>

function numbers(fields: Fields): Numbers {
  const found: Numbers = {}
  for (const [wire, name] of NUMBERS) {
    const value = fields[wire]
    if (!isGiven(value)) continue
    const read = number(value)
    if (read === undefined) throw invalid(`\`${wire}\` must be a number.`, wire)
    found[name] = read
  }
  return found
}

function words(fields: Fields) {
  const verbosity = text(record(fields["text"])["verbosity"])
  const serviceTier = text(fields["service_tier"])
  const user = text(fields["safety_identifier"]) ?? text(fields["user"])
  const cacheKey = text(fields["prompt_cache_key"])
  return {
    ...(verbosity !== undefined && { verbosity }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(user !== undefined && { user }),
    ...(cacheKey !== undefined && { cacheKey }),
  }
}

function logprobsOf(fields: Fields): { logprobs?: { top: number } } {
  const top = number(fields["top_logprobs"]) ?? 0
  const include = fields["include"]
  const wanted = Array.isArray(include) && include.includes("message.output_text.logprobs")
  return wanted || top > 0 ? { logprobs: { top } } : {}
}

/** How much to think. @throws GatewayError `invalid-request` */
export function decodeReasoningWish(fields: Fields): {
  reasoning?: ReasoningWish
  extra: Map<string, ExtraField>
} {
  const extra = new Map<string, ExtraField>()
  const wish = fields["reasoning"]
  if (!isRecord(wish)) return { extra }
  const { effort, summary, generate_summary: older, context, mode } = wish
  if (isGiven(effort) && !isEffort(effort)) {
    throw invalid(`\`reasoning.effort\` must be one of ${EFFORTS.join(", ")}.`, "reasoning.effort")
  }
  if (isGiven(context))
    extra.set("reasoning.context", { json: jsonTextOf(context), loss: "silent" })
  if (isGiven(mode) && mode !== "standard") {
    extra.set("reasoning.mode", { json: jsonTextOf(mode), loss: "warn" })
  }
  const shown = isGiven(summary ?? older) ? "summary" : "hidden"
  return { reasoning: { ...(isEffort(effort) && { effort }), show: shown }, extra }
}

function isEffort(value: unknown): value is Effort {
  return EFFORTS.includes(value as Effort)
}

function decodeFormat(value: unknown): OutputFormat | undefined {
  if (!isRecord(value)) return undefined
  switch (value["type"]) {
    case "text":
      return { type: "text" }
    case "json_object":
      return { type: "json" }
    case "json_schema": {
      const name = text(value["name"])
      const description = text(value["description"])
      const { strict, schema } = value
      return {
        type: "schema",
        schema: jsonTextOf(schema ?? {}),
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description }),
        ...(typeof strict === "boolean" && { strict }),
      }
    }
    default:
      throw invalid("`text.format.type` is not known.", "text.format.type")
  }
}
