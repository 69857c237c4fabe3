/** A request that is put together byte by byte. */
export interface Parts {
  method?: string
  target?: string
  version?: string
  /** Lines between the first one and the end of the head, without line ends. */
  lines?: readonly string[]
  body?: string
  /** Instead of `content-length: <bytes of the body>`; empty leaves it out. */
  framing?: readonly string[]
  /** Instead of `host: localhost`. */
  host?: readonly string[]
}

export const CHAT_PATH = "/v1/chat/completions"

/** A question to a group of the bed. @param more members of the body */
export const question = (model = "g", more: object = {}): string =>
  JSON.stringify({ model, messages: [{ role: "user", content: "hi" }], ...more })

/** A request's bytes; what is not said is as it is in a good one. Bytes above 127 are written as latin1. */
export function request({
  method = "POST",
  target = CHAT_PATH,
  version = "HTTP/1.1",
  lines = [],
  body = question(),
  framing = [`content-length: ${Buffer.byteLength(body, "latin1")}`],
  host = ["host: localhost"],
}: Parts = {}): Buffer {
  const head = [`${method} ${target} ${version}`, ...host, ...lines, ...framing]
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`, "latin1")
}

/** A body in chunks of so many bytes. @param trailers lines after the last chunk */
export function chunks(body: string, size = 16, trailers: readonly string[] = []): string {
  const parts = body.match(new RegExp(`[^]{1,${size}}`, "g")) ?? []
  const framed = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
  return `${framed.join("")}0\r\n${trailers.map((line) => `${line}\r\n`).join("")}\r\n`
}
