import { putText, putWhole } from "../../core/digits.ts"

/** What the connection itself says, whatever a reply does. */
const OWN: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
])

/** The usual ones; the others go without, as RFC 9112 §4 allows. */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  413: "Content Too Large",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  529: "Overloaded",
}

/** Lengths of bodies whose end shows otherwise: by an empty chunk, or by that of the connection. */
export const CHUNKED = -1
export const UNTIL_CLOSE = -2

/** Names whose beginnings of lines are kept; there are fewer, but for what a config adds. */
const MOST = 256

const beginnings = new Map<string, string>()
const statusLines = new Map<number, string>()
let second = 0
let ending = ""

const CONNECTION_CLOSE = "\r\nconnection: close"
const CONTENT_LENGTH = "\r\ncontent-length: "
const TRANSFER_CHUNKED = "\r\ntransfer-encoding: chunked"
/** Bytes of all that is no header of the reply's own. */
const AROUND = 256

const TAB = 0x09
const SPACE = 0x20
const DELETE = 0x7f
const QUESTION_MARK = 0x3f

/**
 * Writes the head of a reply, Latin-1, with its empty line.
 *
 * @param bytes where it begins at the first one
 * @param length bytes of the body; `CHUNKED` or `UNTIL_CLOSE` where it is not known yet
 * @param now milliseconds since 1970
 * @returns where it ends; -1 where the bytes are too few
 */
export function putReplyHead(
  bytes: Uint8Array,
  status: number,
  headers: Readonly<Record<string, string>> | Headers,
  length: number,
  keepAlive: boolean,
  now: number,
): number {
  if (bytes.length < AROUND) return -1
  let at = putText(bytes, 0, statusLine(status))
  if (headers instanceof Headers) {
    for (const [name, value] of headers) {
      if (at >= 0) at = putLine(bytes, at, name, value)
    }
  } else {
    for (const name in headers) if (at >= 0) at = putLine(bytes, at, name, headers[name]!)
  }
  if (at < 0) return -1
  if (!keepAlive) at = putText(bytes, at, CONNECTION_CLOSE)
  if (length >= 0) at = putWhole(bytes, putText(bytes, at, CONTENT_LENGTH), length)
  else if (length === CHUNKED) at = putText(bytes, at, TRANSFER_CHUNKED)
  return putText(bytes, at, endingAt(now))
}

function statusLine(status: number): string {
  let text = statusLines.get(status)
  if (text === undefined) {
    text = `HTTP/1.1 ${status} ${REASONS[status] ?? ""}`
    statusLines.set(status, text)
  }
  return text
}

/** One line, with the end of the one before it. */
function putLine(bytes: Uint8Array, at: number, name: string, value: string): number {
  let beginning = beginnings.get(name)
  if (beginning === undefined) {
    beginning = OWN.has(name) ? "" : `\r\n${name}: `
    if (beginnings.size >= MOST) beginnings.clear()
    beginnings.set(name, beginning)
  }
  if (beginning === "") return at
  if (at + beginning.length + value.length + AROUND > bytes.length) return -1
  return putValue(bytes, putText(bytes, at, beginning), value)
}

/** What no header's value may have would end its line, or is no byte: a question mark stands for it. */
function putValue(bytes: Uint8Array, at: number, value: string): number {
  for (let n = 0; n < value.length; n++) {
    const code = value.charCodeAt(n)
    const isSendable = (code >= SPACE && code < DELETE) || code === TAB || isHigh(code)
    bytes[at + n] = isSendable ? code : QUESTION_MARK
  }
  return at + value.length
}

const isHigh = (code: number) => code > DELETE && code <= 0xff

/** What all heads of a second end with. */
function endingAt(now: number): string {
  const current = Math.floor(now / 1000)
  if (current !== second) {
    second = current
    ending = `\r\ndate: ${new Date(now).toUTCString()}\r\n\r\n`
  }
  return ending
}
