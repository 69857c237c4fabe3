import type { OutgoingRequest } from "../../core/provider.ts"
import { VERSION } from "../../core/version.ts"
import { ConnectionError } from "./connection-error.ts"
import { tokenBytes } from "./token-bytes.ts"

/** What the client itself says about the body and the connection. */
const OWN: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

/**
 * The beginning of a request up to the length of its body: `content-length: ` is the end where there is
 * one, and the empty line where not.
 *
 * @throws ConnectionError for a name or value that would end its line, and for a path that would
 */
export function requestHead(
  { method, headers, body, url: text }: OutgoingRequest,
  url: URL,
): Buffer {
  if (/[\0\r\n]/.test(text)) throw invalidRequest()
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`]
  const names = new Set<string>()
  const add = (name: string, value: string) => {
    const lower = name.toLowerCase()
    if (OWN.has(lower)) return
    if (!isToken(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw invalidRequest()
    names.add(lower)
    lines.push(`${name}: ${value.trim()}`)
  }
  for (const name in headers) add(name, headers[name]!)
  const supply = (name: string, value: string) => {
    if (!names.has(name)) add(name, value)
  }
  supply("host", url.host)
  if (url.username || url.password) supply("authorization", basicOf(url))
  supply("accept", "*/*")
  supply("accept-encoding", "gzip, deflate, br, zstd")
  supply("user-agent", `llmrouter/${VERSION}`)
  lines.push("connection: keep-alive")
  if (body) lines.push("content-length: ")
  else if (method === "GET") lines.push("\r\n")
  else lines.push("content-length: 0\r\n\r\n")
  return Buffer.from(lines.join("\r\n"), "latin1")
}

function isToken(name: string): boolean {
  if (name === "") return false
  for (let n = 0; n < name.length; n++) if (!tokenBytes[name.charCodeAt(n)]) return false
  return true
}

function basicOf({ username, password }: URL): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(pair).toString("base64")}`
}

function invalidRequest(): ConnectionError {
  return new ConnectionError("InvalidRequest", "A header or the path of the request is not valid.")
}
