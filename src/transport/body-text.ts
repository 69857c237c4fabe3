import { asBuffer, type JsonField, scanObject } from "./json-scan.ts"

/** A string member as it is written, escapes and all; undefined for anything else and for an empty one. */
export function writtenText(body: Uint8Array, field: JsonField | undefined): string | undefined {
  if (!field || body[field.start] !== 0x22 || field.end - field.start < 3) return undefined
  return asBuffer(body).toString("utf8", field.start + 1, field.end - 1)
}

/** A member of an object that is a member itself. */
export function innerField(
  body: Uint8Array,
  field: JsonField | undefined,
  name: string,
): JsonField | undefined {
  if (!field) return undefined
  return scanObject(body, field.start, false)?.fields.findLast(({ key }) => key === name)
}
