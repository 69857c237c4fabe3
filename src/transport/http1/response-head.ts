import { invalidAnswer } from "./connection-error.ts"
import { holds, lengthIn } from "./field-bytes.ts"
import { HeadView } from "./head-view.ts"
import { tokenBytes } from "./token-bytes.ts"

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const COLON = 0x3a
const ZERO = 0x30
const DELETE = 0x7f

/** The beginning of an answer, and what it says about the body behind it. */
export interface ResponseHead {
  status: number
  headers: HeadView
  /** Offset of the first byte behind it. */
  end: number
  /** Bytes of the body; -1 where it does not say. */
  length: number
  chunked: boolean
  /** Whether the server lets the connection be used again. */
  keepAlive: boolean
  /** Seconds for which the server keeps an idle connection; 0 where it does not say. */
  idleSeconds: number
  /** The coding of the body, in lower case; empty where it has none. */
  encoding: string
}

const BLANK_LINE = Buffer.from("\r\n\r\n")
const VERSION = Buffer.from("HTTP/1.")
const CONTENT_LENGTH = Buffer.from("content-length")
const CONTENT_ENCODING = Buffer.from("content-encoding")
const TRANSFER_ENCODING = Buffer.from("transfer-encoding")
const CONNECTION = Buffer.from("connection")
const KEEP_ALIVE = Buffer.from("keep-alive")
/** By the length of the name: what decides about the body and the connection. */
const DECISIVE: readonly (readonly Buffer[] | undefined)[] = [
  ...Array<undefined>(10),
  [CONNECTION, KEEP_ALIVE],
  ...Array<undefined>(3),
  [CONTENT_LENGTH],
  undefined,
  [CONTENT_ENCODING],
  [TRANSFER_ENCODING],
]

/** Whether a whole head is in these bytes. @param from offset up to which no head has ended */
export function hasHead(bytes: Buffer, from: number): boolean {
  if (bytes.indexOf(BLANK_LINE, Math.max(0, from - 3)) >= 0) return true
  // Lines that end with a line feed alone: RFC 9112 §2.2 lets them be read, and some servers write them.
  for (let at = bytes.indexOf(LF, Math.max(0, from - 2)); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF || (bytes[at + 1] === CR && bytes[at + 2] === LF)) return true
  }
  return false
}

/**
 * Reads the head that these bytes begin with; `hasHead` has said that it is whole. Names are put into
 * lower case where they stand. Lines that go on in the next one are refused, as RFC 9112 §5.2 allows.
 *
 * @throws ConnectionError where it is no head of HTTP/1.x
 */
export function readHead(bytes: Buffer): ResponseHead {
  const tokens = tokenBytes
  const minor = versionOf(bytes)
  const status = statusOf(bytes)
  let at = lineEnd(bytes, 12)
  const first = at - 1
  const head: ResponseHead = {
    status,
    headers: undefined as unknown as HeadView,
    end: 0,
    length: -1,
    chunked: false,
    keepAlive: minor === 1,
    idleSeconds: 0,
    encoding: "",
  }
  for (;;) {
    const start = at
    let byte = bytes[at]!
    for (let lower = tokens[byte]!; lower !== 0; lower = tokens[byte]!) {
      if (lower !== byte) bytes[at] = lower
      byte = bytes[++at]!
    }
    if (byte !== COLON || at === start) {
      if (at !== start) throw invalidAnswer("a header's name is wrong")
      const behind = lineEnd(bytes, at)
      if (behind - at > (byte === CR ? 2 : 1)) throw invalidAnswer("a header has no name")
      head.end = behind
      head.headers = new HeadView(bytes.toString("latin1", first, at))
      return head
    }
    const behind = lineEnd(bytes, at + 1)
    const names = DECISIVE[at - start]
    if (names) {
      for (const name of names) {
        if (holds(bytes, start, name)) decide(head, name, bytes, at + 1, behind)
      }
    }
    at = behind
  }
}

/** @returns the digit behind `HTTP/1.` */
function versionOf(bytes: Buffer): number {
  const minor = bytes[VERSION.length]! - ZERO
  if (!holds(bytes, 0, VERSION) || !(minor === 0 || minor === 1) || bytes[8] !== SPACE) {
    throw invalidAnswer("it does not begin with HTTP/1.1 or HTTP/1.0")
  }
  return minor
}

function statusOf(bytes: Buffer): number {
  const a = bytes[9]! - ZERO
  const b = bytes[10]! - ZERO
  const c = bytes[11]! - ZERO
  const next = bytes[12]!
  const digits = a >= 1 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9
  if (!digits || !(next === SPACE || next === CR || next === LF)) {
    throw invalidAnswer("its status is not a number of three digits")
  }
  return a * 100 + b * 10 + c
}

/** @returns the offset behind the line. @throws ConnectionError for a byte that no line may have */
function lineEnd(bytes: Buffer, from: number): number {
  let at = from
  let byte = bytes[at]!
  while ((byte >= SPACE && byte !== DELETE) || byte === TAB) byte = bytes[++at]!
  if (byte === LF) return at + 1
  if (byte === CR && bytes[at + 1] === LF) return at + 2
  throw invalidAnswer("its head has a control character")
}

function decide(head: ResponseHead, name: Buffer, bytes: Buffer, start: number, end: number): void {
  if (name === CONTENT_LENGTH) {
    const length = lengthIn(bytes, start, end)
    if (length < 0) throw invalidAnswer("its content-length is no number")
    if (head.length >= 0 && head.length !== length) throw invalidAnswer("it has two lengths")
    head.length = length
    return
  }
  const value = bytes.toString("latin1", start, end).trim().toLowerCase()
  if (name === TRANSFER_ENCODING) {
    if (value !== "chunked" || head.chunked) throw invalidAnswer("its transfer-encoding is unknown")
    head.chunked = true
  } else if (name === CONTENT_ENCODING) {
    head.encoding = head.encoding ? `${head.encoding}, ${value}` : value
  } else if (name === KEEP_ALIVE) {
    head.idleSeconds = Number(/(?:^|[\s,;])timeout=(\d{1,6})/.exec(value)?.[1] ?? 0)
  } else {
    const options = value.split(/[\s,]+/)
    if (options.includes("close")) head.keepAlive = false
    else if (options.includes("keep-alive")) head.keepAlive = true
  }
}
