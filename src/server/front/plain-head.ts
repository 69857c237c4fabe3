import { holds, lengthIn } from "../../transport/http1/field-bytes.ts"
import { HeadView } from "../../transport/http1/head-view.ts"
import { tokenBytes } from "../../transport/http1/token-bytes.ts"

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const COLON = 0x3a
const QUESTION = 0x3f
const ZERO = 0x30
const DELETE = 0x7f

/** Bytes that a plain head may have. */
const LIMIT = 16 * 1024
/** Headers that a plain head may have: Bun's server refuses more than twice as many. */
const MOST_HEADERS = 96

/** What a head ends with. */
export const BLANK_LINE = Buffer.from("\r\n\r\n")
const METHOD = Buffer.from("POST ")
const VERSION = Buffer.from(" HTTP/1.")
const HOST = Buffer.from("host")
const CONTENT_LENGTH = Buffer.from("content-length")
const CONNECTION = Buffer.from("connection")
/** Whoever sends one of these wants more than a plain request does. */
const OTHERS = ["transfer-encoding", "content-encoding", "expect", "upgrade", "te", "trailer"]
const DECISIVE: readonly (readonly Buffer[] | undefined)[] = byLength([
  HOST,
  CONTENT_LENGTH,
  CONNECTION,
  ...OTHERS.map((name) => Buffer.from(name)),
])

/** Bytes that a URL's parser leaves alone, by byte. */
const targetBytes = new Uint8Array(128)
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~/:?&=,+@.") {
  targetBytes[character.charCodeAt(0)] = 1
}

/** The head of a POST about which there are no two opinions. */
export interface PlainHead {
  path: string
  /** With its `?`, or empty. */
  query: string
  headers: HeadView
  /** Offset of the first byte behind it. */
  end: number
  /** Bytes of the body. */
  length: number
  /** Where that is written: the offsets of the line's value and of its end. */
  lengthStart: number
  lengthEnd: number
  /** Whether the connection is for further requests, too. */
  keepAlive: boolean
  /** Whether the client knows chunks: one of HTTP/1.0, as many proxies are, does not. */
  chunks: boolean
}

/**
 * Reads the head that these bytes begin with, where all of it is there and it is plain: every line ends
 * with both of its characters, one host, one length in digits, nothing but printable ASCII, and nothing
 * that changes how the connection is to be read. Undefined for all else, be it right or wrong. Names are
 * put into lower case where they stand, which changes no request's meaning.
 *
 * https://www.rfc-editor.org/rfc/rfc9112#section-2.1
 */
export function readPlainHead(bytes: Buffer): PlainHead | undefined {
  if (!holds(bytes, 0, METHOD)) return undefined
  const end = bytes.indexOf(BLANK_LINE) + BLANK_LINE.length
  if (end < BLANK_LINE.length || end > LIMIT) return undefined
  let at = METHOD.length
  if (bytes[at] !== 0x2f) return undefined
  let mark = -1
  while (targetBytes[bytes[at]!] === 1) {
    if (bytes[at] === QUESTION && mark < 0) mark = at
    at++
  }
  const targetEnd = at
  if (!holds(bytes, at, VERSION)) return undefined
  at += VERSION.length
  const minor = bytes[at]! - ZERO
  if ((minor !== 0 && minor !== 1) || bytes[at + 1] !== CR || bytes[at + 2] !== LF) return undefined
  at += 3
  const first = at - 1
  let lines = 0
  let hosts = 0
  let length = -1
  let lengthStart = 0
  let lengthEnd = 0
  let keepAlive = minor === 1
  while (at < end - 2) {
    if (++lines > MOST_HEADERS) return undefined
    const start = at
    let byte = bytes[at]!
    for (let lower = tokenBytes[byte]!; lower !== 0; lower = tokenBytes[byte]!) {
      if (lower !== byte) bytes[at] = lower
      byte = bytes[++at]!
    }
    if (byte !== COLON || at === start) return undefined
    const value = ++at
    byte = bytes[at]!
    while ((byte >= SPACE && byte < DELETE) || byte === TAB) byte = bytes[++at]!
    if (byte !== CR || bytes[at + 1] !== LF) return undefined
    const names = DECISIVE[value - 1 - start]
    if (names) {
      for (const name of names) {
        if (!holds(bytes, start, name)) continue
        if (name === HOST) hosts++
        else if (name === CONTENT_LENGTH) {
          if (length >= 0) return undefined
          length = lengthIn(bytes, value, at)
          if (length < 0) return undefined
          lengthStart = value
          lengthEnd = at
        } else if (name === CONNECTION) {
          const option = bytes.toString("latin1", value, at).trim().toLowerCase()
          if (option === "close") keepAlive = false
          else if (option !== "keep-alive" || minor === 0) return undefined
        } else return undefined
      }
    }
    at += 2
  }
  if (hosts !== 1 || length < 0) return undefined
  const target = bytes.toString("latin1", METHOD.length, targetEnd)
  const path = mark < 0 ? target : target.slice(0, mark - METHOD.length)
  return {
    path,
    query: mark < 0 ? "" : target.slice(mark - METHOD.length),
    headers: new HeadView(bytes.toString("latin1", first, at)),
    end,
    length,
    lengthStart,
    lengthEnd,
    keepAlive,
    chunks: minor === 1,
  }
}

function byLength(names: readonly Buffer[]): (readonly Buffer[] | undefined)[] {
  const lists: Buffer[][] = []
  for (const name of names) lists[name.length] = [...(lists[name.length] ?? []), name]
  return lists
}
