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

let second = 0
let date = ""

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
  let text = `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n`
  if (headers instanceof Headers) {
    headers.forEach((value, name) => {
      if (!OWN.has(name)) text += line(name, value)
    })
  } else {
    for (const name in headers) {
      if (!OWN.has(name)) text += line(name, headers[name]!)
    }
  }
  if (!keepAlive) text += "connection: close\r\n"
  if (length >= 0) text += `content-length: ${length}\r\n`
  else if (length === CHUNKED) text += "transfer-encoding: chunked\r\n"
  return `${text}date: ${dateOf(now)}\r\n\r\n`
}

function line(name: string, value: string): string {
  const sendable = UNSENDABLE.test(value)
    ? value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "?")
    : value
  return `${name}: ${sendable}\r\n`
}

/** It changes once a second. */
function dateOf(now: number): string {
  const current = Math.floor(now / 1000)
  if (current !== second) {
    second = current
    date = new Date(now).toUTCString()
  }
  return date
}
