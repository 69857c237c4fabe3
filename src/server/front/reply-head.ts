/** What the connection itself says, whatever a reply does. */
const OWN: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
])

/** What no header's value may have: it would end its line, or is no byte. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/

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

/**
 * The head of a reply, Latin-1, with its empty line.
 *
 * @param length bytes of the body; `CHUNKED` or `UNTIL_CLOSE` where it is not known yet
 * @param now milliseconds since 1970
 */
export function replyHead(
  status: number,
  headers: Readonly<Record<string, string>> | Headers,
  length: number,
  keepAlive: boolean,
  now: number,
): string {
  let text = statusLine(status)
  if (headers instanceof Headers) {
    for (const [name, value] of headers) text += line(name, value)
  } else {
    for (const name in headers) text += line(name, headers[name]!)
  }
  if (!keepAlive) text += "\r\nconnection: close"
  if (length >= 0) text += `\r\ncontent-length: ${length}`
  else if (length === CHUNKED) text += "\r\ntransfer-encoding: chunked"
  return text + endingAt(now)
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
function line(name: string, value: string): string {
  let beginning = beginnings.get(name)
  if (beginning === undefined) {
    beginning = OWN.has(name) ? "" : `\r\n${name}: `
    if (beginnings.size >= MOST) beginnings.clear()
    beginnings.set(name, beginning)
  }
  if (beginning === "") return ""
  return UNSENDABLE.test(value)
    ? beginning + value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "?")
    : beginning + value
}

/** What all heads of a second end with. */
function endingAt(now: number): string {
  const current = Math.floor(now / 1000)
  if (current !== second) {
    second = current
    ending = `\r\ndate: ${new Date(now).toUTCString()}\r\n\r\n`
  }
  return ending
}
