import { asBuffer } from "./json-scan.ts"
import { type ObjectChanges, spliceObject } from "./json-splice.ts"
import type { RequestBody } from "./request-body.ts"

/** Names whose JSON is kept; a config has fewer. */
const MOST = 1024

const quoted = new Map<string, Buffer>()

/**
 * A request with another model in it, and whatever else has to change. Nearly always that is nothing:
 * then the body is copied around the name.
 */
export function spliceModel(
  body: Uint8Array,
  opened: RequestBody,
  model: string,
  { set, remove }: ObjectChanges,
): Buffer {
  const own = opened.get("model")
  if (!own || set.size > 0 || remove.some((name) => opened.get(name))) {
    const all = new Map([["model", JSON.stringify(model)], ...set])
    return spliceObject(body, { set: all, remove }, opened.scan)
  }
  const buffer = asBuffer(body)
  const json = jsonOf(model)
  const spliced = Buffer.allocUnsafeSlow(buffer.length + json.length + own.start - own.end)
  buffer.copy(spliced, 0, 0, own.start)
  json.copy(spliced, own.start)
  buffer.copy(spliced, own.start + json.length, own.end)
  return spliced
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
