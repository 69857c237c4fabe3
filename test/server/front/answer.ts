/** One answer as it came. */
export interface Answer {
  status: number
  /** In order, names in lower case. */
  headers: (readonly [name: string, value: string])[]
  /** Without the framing of chunks. */
  body: Buffer
  /** Interim answers that came before. */
  interim: number[]
}

const HEAD_END = "\r\n\r\n"

/**
 * Takes one whole answer from the front of the bytes; undefined when more are needed.
 *
 * @param method of the request: answers to HEAD have no body
 * @param ended whether nothing more comes: a body without any length ends there
 * @throws Error when it is no HTTP
 */
export function takeAnswer(
  bytes: Buffer,
  method: string,
  ended: boolean,
): { answer: Answer; rest: Buffer } | undefined {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0) return undefined
  const [line = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n")
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1])
  if (!status) throw new Error(`no status line: ${JSON.stringify(line.slice(0, 200))}`)
  const after = bytes.subarray(end + HEAD_END.length)
  if (status < 200 && status !== 101) {
    const next = takeAnswer(after, method, ended)
    next?.answer.interim.unshift(status)
    return next
  }
  const headers = lines.map((each) => {
    const colon = each.indexOf(":")
    return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()] as const
  })
  const framed = takeBody(after, method, status, new Map(headers), ended)
  return framed && { answer: { status, headers, body: framed.body, interim: [] }, ...framed }
}

function takeBody(
  bytes: Buffer,
  method: string,
  status: number,
  headers: ReadonlyMap<string, string>,
  ended: boolean,
): { body: Buffer; rest: Buffer } | undefined {
  if (method === "HEAD" || status === 204 || status === 304) {
    return { body: Buffer.alloc(0), rest: bytes }
  }
  if (headers.get("transfer-encoding") === "chunked") return takeChunks(bytes)
  const length = headers.get("content-length")
  if (length === undefined) return ended ? { body: bytes, rest: Buffer.alloc(0) } : undefined
  const size = Number(length)
  return bytes.length < size
    ? undefined
    : { body: bytes.subarray(0, size), rest: bytes.subarray(size) }
}

function takeChunks(bytes: Buffer): { body: Buffer; rest: Buffer } | undefined {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf("\r\n", at)
    if (end < 0) return undefined
    const text = bytes.toString("latin1", at, end)
    if (!/^[0-9a-f]+$/i.test(text)) throw new Error(`no size of a chunk: ${JSON.stringify(text)}`)
    const from = end + 2
    const to = from + Number.parseInt(text, 16)
    if (bytes.length < to + 2) return undefined
    if (bytes.toString("latin1", to, to + 2) !== "\r\n") throw new Error("a chunk without an end")
    if (to === from) return { body: Buffer.concat(parts), rest: bytes.subarray(to + 2) }
    parts.push(bytes.subarray(from, to))
    at = to + 2
  }
}
