import { jsonTextOf, parseJson, RawJson, writeJson } from "../../transport/json.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import { skipSpace } from "../../transport/json-skip.ts"
import { type Json, recordOf, recordsOf } from "./json-values.ts"
import { flattenContent, mendFinish } from "./repair-message.ts"
import { isRecord } from "../../canonical/record.ts"

/** What a whole answer has that may be wrong: any calls, content in parts, and a reason that is empty. */
const CALLS = Buffer.from('"tool_calls"')
const CONTENT = Buffer.from('"content"')
const REASON = Buffer.from('"finish_reason"')

/** How a list begins, and an empty string. */
const PARTS = [0x5b]
const EMPTY = [0x22, 0x22]

/** Members whose text matters: arguments that came as an object instead of a string. */
const RAW = new Set(["arguments"])

/** A whole relayed answer as official SDKs expect it; the same bytes when nothing is wrong. */
export function mendAnswer(body: Uint8Array): Uint8Array {
  const buffer = asBuffer(body)
  if (!isSuspicious(buffer)) return body
  let answer: unknown
  try {
    answer = parseJson(buffer.toString("utf8"), RAW)
  } catch {
    return body
  }
  let changed = false
  for (const choice of recordsOf(recordOf(answer)["choices"])) {
    if (mendChoice(choice)) changed = true
  }
  return changed ? Buffer.from(writeJson(answer)) : body
}

function isSuspicious(body: Buffer): boolean {
  return body.includes(CALLS) || hasValue(body, CONTENT, PARTS) || hasValue(body, REASON, EMPTY)
}

/** Whether a member of this name has a value that begins so, wherever in the document it stands. */
function hasValue(body: Buffer, name: Buffer, beginning: readonly number[]): boolean {
  for (let at = body.indexOf(name); at >= 0; at = body.indexOf(name, at + name.length)) {
    const colon = skipSpace(body, at + name.length)
    if (body[colon] !== 0x3a) continue
    const start = skipSpace(body, colon + 1)
    if (body[start] === beginning[0] && body[start + 1] === (beginning[1] ?? body[start + 1])) {
      return true
    }
  }
  return false
}

function mendChoice(choice: Json): boolean {
  const message = recordOf(choice["message"])
  const calls = recordsOf(message["tool_calls"])
  let changed = mendFinish(choice, calls.length > 0)
  if (Array.isArray(message["content"])) {
    flattenContent(message)
    changed = true
  }
  for (const call of calls) if (mendCall(call)) changed = true
  return changed
}

function mendCall(call: Json): boolean {
  let changed = false
  if (typeof call["type"] !== "string") {
    call["type"] = isRecord(call["custom"]) ? "custom" : "function"
    changed = true
  }
  const fields = recordOf(call["function"])
  const args = fields["arguments"]
  if (args instanceof RawJson || isRecord(args)) {
    fields["arguments"] = jsonTextOf(args)
    changed = true
  }
  return changed
}
