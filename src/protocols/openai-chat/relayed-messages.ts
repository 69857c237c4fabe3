import { unseal } from "../../canonical/opaque.ts"
import { asBuffer, type JsonField } from "../../transport/json-scan.ts"
import { type Json, recordOf, recordsOf, textOf } from "./json-values.ts"
import { isRecord } from "../../canonical/record.ts"

/** Members of messages that the protocol itself has not: what vendors' dialects and we put there. */
const DIALECT = ["reasoning_content", "reasoning", "reasoning_details", "thinking_blocks"]

/** What a body must contain for its messages to be looked at. */
const DIALECT_MARKS = [...DIALECT, "extra_content"].map((name) => Buffer.from(`"${name}"`))

/** How a sealed state begins. */
const SEALED_MARK = Buffer.from("Z3dyMX")

/**
 * The messages of a relayed request without another provider's state, which was given to the caller
 * in sealed form, and, for an upstream that refuses them, without any members of dialects.
 *
 * @param strict whether the upstream refuses them
 * @returns JSON text; undefined when the messages can stay byte for byte
 */
export function cleanMessages(
  body: Uint8Array,
  field: JsonField | undefined,
  strict: boolean,
): string | undefined {
  if (!field) return undefined
  const buffer = asBuffer(body)
  if (!buffer.includes(SEALED_MARK) && !(strict && speaksDialect(buffer))) return undefined
  let messages: unknown
  try {
    messages = JSON.parse(buffer.toString("utf8", field.start, field.end))
  } catch {
    // The upstream says what is wrong with it.
    return undefined
  }
  let changed = false
  for (const message of recordsOf(messages)) {
    if (strict ? dropDialect(message) : dropSealed(message)) changed = true
  }
  return changed ? JSON.stringify(messages) : undefined
}

function speaksDialect(body: Buffer): boolean {
  return DIALECT_MARKS.some((mark) => body.includes(mark))
}

function dropDialect(message: Json): boolean {
  let changed = false
  for (const name of DIALECT) {
    if (!(name in message)) continue
    delete message[name]
    changed = true
  }
  for (const call of recordsOf(message["tool_calls"])) {
    if (!("extra_content" in call)) continue
    delete call["extra_content"]
    changed = true
  }
  return changed
}

function dropSealed(message: Json): boolean {
  const details = recordsOf(message["reasoning_details"])
  const kept = details.filter((entry) => !isSealed(entry["signature"]) && !isSealed(entry["data"]))
  let changed = kept.length < details.length
  if (changed && kept.length > 0) message["reasoning_details"] = kept
  else if (changed) delete message["reasoning_details"]
  for (const call of recordsOf(message["tool_calls"])) {
    const extra = call["extra_content"]
    if (!isRecord(extra) || !isSealed(recordOf(extra["google"])["thought_signature"])) continue
    delete call["extra_content"]
    changed = true
  }
  return changed
}

function isSealed(value: unknown): boolean {
  const text = textOf(value)
  return text !== undefined && unseal(text) !== undefined
}
