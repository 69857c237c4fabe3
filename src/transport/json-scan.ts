import { shortText } from "./short-text.ts"
import { skipSpace, skipString, skipValue } from "./json-skip.ts"

/** One member of a JSON object: its key and where its value stands. */
export interface JsonField {
  key: string
  /** Offset of the value's first byte. */
  start: number
  /** Offset behind the value's last byte. */
  end: number
}

export interface JsonObjectScan {
  /** Offset of `{`. */
  open: number
  /** Offset of the matching `}`. */
  close: number
  fields: readonly JsonField[]
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Digits that a number may have which is read byte by byte: all of these are exact. */
const EXACT_DIGITS = 15

/** The same bytes as a Buffer, whose searches are native. No copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Told of each member of an object, in order. */
export interface MemberSink {
  /** @param start offset of the value's first byte @param end offset behind its last one */
  member(key: string, start: number, end: number): void
}

/**
 * Finds the members of a JSON object without parsing their values, which are only skipped: a body
 * with a large image costs a few native searches.
 *
 * @param from offset of the object; what follows it is not looked at, unless `whole` is set
 * @returns undefined when this is no well-formed object, as far as a skim can tell
 */
export function scanObject(
  bytes: Uint8Array,
  from = 0,
  whole = from === 0,
): JsonObjectScan | undefined {
  const buffer = asBuffer(bytes)
  const scan = new FoundMembers(skipSpace(buffer, from))
  scan.close = skimObject(buffer, scan, from, whole)
  return scan.close < 0 ? undefined : scan
}

class FoundMembers implements JsonObjectScan, MemberSink {
  readonly fields: JsonField[] = []
  readonly open: number
  close = -1

  constructor(open: number) {
    this.open = open
  }

  member(key: string, start: number, end: number): void {
    this.fields.push({ key, start, end })
  }
}

/**
 * The same for whoever looks for few of the members: none is kept. What the sink was told counts only
 * when the object turns out to be well-formed.
 *
 * @returns the offset of the closing `}`; -1 when this is no well-formed object, as far as a skim can tell
 */
export function skimObject(
  bytes: Uint8Array,
  sink: MemberSink,
  from = 0,
  whole = from === 0,
): number {
  const buffer = asBuffer(bytes)
  const open = skipSpace(buffer, from)
  if (byteAt(buffer, open) !== OPEN_BRACE) return -1
  let i = skipSpace(buffer, open + 1)
  if (byteAt(buffer, i) === CLOSE_BRACE) return finish(buffer, i, whole)
  for (;;) {
    if (byteAt(buffer, i) !== QUOTE) return -1
    const keyEnd = skipString(buffer, i)
    if (keyEnd < 0) return -1
    const key = shortText(buffer, i + 1, keyEnd - 1) ?? keyText(buffer, i, keyEnd)
    if (key === undefined) return -1
    i = skipSpace(buffer, keyEnd)
    if (byteAt(buffer, i) !== COLON) return -1
    const start = skipSpace(buffer, i + 1)
    const end = skipValue(buffer, start)
    if (end < 0) return -1
    sink.member(key, start, end)
    i = skipSpace(buffer, end)
    const next = byteAt(buffer, i)
    if (next === CLOSE_BRACE) return finish(buffer, i, whole)
    if (next !== COMMA) return -1
    i = skipSpace(buffer, i + 1)
  }
}

/** Parses one value that {@link scanObject} found. @throws SyntaxError */
export function parseField(bytes: Uint8Array, { start, end }: JsonField): unknown {
  return parseValue(bytes, start, end)
}

/** The same by its place. @throws SyntaxError */
export function parseValue(bytes: Uint8Array, start: number, end: number): unknown {
  const buffer = asBuffer(bytes)
  return simpleValue(buffer, start, end) ?? JSON.parse(buffer.toString("utf8", start, end))
}

/** Short plain strings, `true` and `false`, and small whole numbers; undefined for all else. */
function simpleValue(
  buffer: Buffer,
  start: number,
  end: number,
): string | boolean | number | undefined {
  const first = byteAt(buffer, start)
  if (first === QUOTE) return shortText(buffer, start + 1, end - 1)
  if (first === 0x74) return true
  if (first === 0x66) return false
  if (end - start > EXACT_DIGITS) return undefined
  let number = 0
  for (let i = start; i < end; i++) {
    const digit = buffer[i]! - 0x30
    if (digit < 0 || digit > 9) return undefined
    number = number * 10 + digit
  }
  return number
}

/** Without a look behind the end, which makes all of them slow. */
function byteAt(buffer: Buffer, i: number): number {
  return i < buffer.length ? buffer[i]! : -1
}

function finish(buffer: Buffer, close: number, whole: boolean): number {
  return whole && skipSpace(buffer, close + 1) !== buffer.length ? -1 : close
}

function keyText(buffer: Buffer, start: number, end: number): string | undefined {
  const text = buffer.toString("utf8", start + 1, end - 1)
  if (!text.includes("\\")) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return undefined
  }
}
