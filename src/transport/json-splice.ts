import { asBuffer, type JsonField, type JsonObjectScan, scanObject } from "./json-scan.ts"

/** Top-level changes to a JSON object; a name in both is set. */
export interface ObjectChanges {
  /** Raw JSON text by name. */
  set: ReadonlyMap<string, string>
  remove: readonly string[]
}

interface Edit {
  start: number
  end: number
  json: string
}

/**
 * Replaces, adds and takes out members of a JSON object; every other byte stays as it is. Of members
 * with the same name the last is replaced, and the others are removed: parsers differ in which they read.
 *
 * @param known the scan of `body`, where there is one already
 * @throws SyntaxError when the body is no JSON object
 */
export function spliceObject(
  body: Uint8Array,
  { set, remove }: ObjectChanges,
  known?: JsonObjectScan,
): Buffer {
  const scan = known ?? scanObject(body)
  if (!scan) throw new SyntaxError("not a JSON object")
  const buffer = asBuffer(body)
  return apply(buffer, settings(scan, set, remove) ?? allEdits(buffer, scan, set, remove))
}

/** Names that are few enough to be looked for one by one. */
const FEW = 16

/** The usual edits: no member has to go. @returns undefined where one has, or may have */
function settings(
  { open, fields }: JsonObjectScan,
  set: ReadonlyMap<string, string>,
  remove: readonly string[],
): Edit[] | undefined {
  if (set.size > FEW || remove.length > FEW) return undefined
  if (remove.length > 0 && fields.some(({ key }) => remove.includes(key) && !set.has(key))) {
    return undefined
  }
  const edits: Edit[] = []
  let added = ""
  for (const [name, json] of set) {
    let own: JsonField | undefined
    for (const field of fields) {
      if (field.key !== name) continue
      if (own) return undefined
      own = field
    }
    if (own) edits.push({ start: own.start, end: own.end, json })
    else added += memberText(added, name, json)
  }
  if (added) edits.push(addition(open, added, fields.length === 0))
  return edits
}

function allEdits(
  buffer: Buffer,
  { open, fields }: JsonObjectScan,
  set: ReadonlyMap<string, string>,
  remove: readonly string[],
): Edit[] {
  const names = new Set(remove)
  const last = new Map(fields.map(({ key }, index) => [key, index]))
  const removed = fields.map(({ key }, index) =>
    set.has(key) ? last.get(key) !== index : names.has(key),
  )
  const edits = removed.includes(true) ? removals(buffer, open, fields, removed) : []
  let added = ""
  for (const [name, json] of set) {
    const field = fields[last.get(name) ?? -1]
    if (field) edits.push({ start: field.start, end: field.end, json })
    else added += memberText(added, name, json)
  }
  if (added) edits.unshift(addition(open, added, removed.every(Boolean)))
  return edits
}

function memberText(before: string, name: string, json: string): string {
  return `${before && ","}${JSON.stringify(name)}:${json}`
}

/** @param alone whether no member stays behind what is added */
function addition(open: number, added: string, alone: boolean): Edit {
  return { start: open + 1, end: open + 1, json: alone ? added : `${added},` }
}

/** Ranges of members with one comma each, so that what is left is still well separated. */
function removals(
  buffer: Buffer,
  open: number,
  fields: readonly JsonField[],
  removed: readonly boolean[],
): Edit[] {
  const behindComma = (from: number) => buffer.indexOf(",", from) + 1
  const edits: Edit[] = []
  let keptBefore = false
  for (const [index, field] of fields.entries()) {
    if (!removed[index]) {
      keptBefore = true
      continue
    }
    const last = index === fields.length - 1
    const before = index === 0 ? open + 1 : fields[index - 1]!.end
    // Behind a member that stays, the comma in front goes along; else the one that follows does.
    edits.push(
      keptBefore
        ? { start: before, end: field.end, json: "" }
        : {
            start: index === 0 ? before : behindComma(before),
            end: last ? field.end : behindComma(field.end),
            json: "",
          },
    )
  }
  return edits
}

function apply(buffer: Buffer, edits: Edit[]): Buffer {
  if (edits.length > 1) edits.sort((a, b) => a.start - b.start)
  let size = buffer.length
  for (const { start, end, json } of edits) size += Buffer.byteLength(json) + start - end
  // Not out of a pool, which whoever keeps the body would keep, too.
  const spliced = Buffer.allocUnsafeSlow(size)
  let from = 0
  let at = 0
  for (const { start, end, json } of edits) {
    at += buffer.copy(spliced, at, from, start)
    at += spliced.write(json, at)
    from = end
  }
  buffer.copy(spliced, at, from)
  return spliced
}
