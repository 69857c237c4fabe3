import { asBuffer } from "./json-scan.ts"
import { type ObjectChanges, spliceObject } from "./json-splice.ts"
import type { RequestBody } from "./request-body.ts"

/** Names whose JSON is kept; a config has fewer. */
const MOST = 1024

const quoted = new Map<string, Buffer>()

/**
 * A request with another model in it, and whatever else has to change. Nearly always that is nothing:
 * then the body is copied around the name, and is the same where that is the same.
 */
export function spliceModel(
  body: Uint8Array,
  opened: RequestBody,
  model: string,
  set: ObjectChanges["set"],
  remove: ObjectChanges["remove"],
): Buffer {
  const own = opened.get("model")
  if (!own || set.size > 0 || hasAny(opened, remove)) {
    const all = new Map([["model", JSON.stringify(model)], ...set])
    return spliceObject(body, { set: all, remove }, opened.scan)
  }
  const buffer = asBuffer(body)
  const json = jsonOf(model)
  // A group that is named after its model: nothing changes.
  if (buffer.compare(json, 0, json.length, own.start, own.end) === 0) return buffer
  const spliced = Buffer.allocUnsafeSlow(buffer.length + json.length + own.start - own.end)
  buffer.copy(spliced, 0, 0, own.start)
  json.copy(spliced, own.start)
  buffer.copy(spliced, own.start + json.length, own.end)
  return spliced
}

function hasAny(opened: RequestBody, names: readonly string[]): boolean {
  for (const name of names) if (opened.get(name)) return true
  return false
}

function jsonOf(model: string): Buffer {
  let json = quoted.get(model)
  if (!json) {
    json = Buffer.from(JSON.stringify(model))
    if (quoted.size >= MOST) quoted.clear()
    quoted.set(model, json)
  }
  return json
}
