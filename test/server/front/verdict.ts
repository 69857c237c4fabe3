import type { Answer } from "./answer.ts"
import type { Bed } from "./bed.ts"
import { open } from "./connection.ts"

/** What a server made of some bytes, without what differs from request to request. */
export interface Verdict {
  /** The statuses in order, interim ones in brackets, and whether the connection serves a further request: `200 open`. */
  outcome: string
  answers: string[]
  /** What the upstream was asked. */
  upstream: string[]
}

/** A request whose answer cannot be mistaken for another's. */
const PROBE = "GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n"
const ALIVE = '{"status":"ok"}'

/**
 * Headers in which two answers to the same request may differ. Bun's server closes without a word where the
 * front says so before, and gives a stream that is whole at once a length; the length itself is tried by
 * whoever reads the answer.
 */
const OWN = new Set([
  ...["date", "x-request-id", "request-id", "x-llmrouter-config"],
  ...["connection", "content-length", "transfer-encoding"],
])

/** Names and times that are made anew for every answer. */
const steady = (text: string) =>
  text
    .replace(/(?<=[_-])[A-Za-z0-9]{24,}/g, "#")
    .replace(/"(created|created_at|completed_at|createTime)":("[^"]*"|[\d.]+)/g, '"$1":0')
    .replace(/"responseId":"[^"]*"/g, '"responseId":"#"')

/** An answer as text that can be compared. */
export function told({ status, headers, body, interim }: Answer): string {
  const lines = headers
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => `${name}: ${value}`)
    .sort()
  return [...interim, status, ...lines, "", steady(body.toString("latin1"))].join("\n")
}

/**
 * Sends the bytes over a connection of their own, and asks whether there is another answer.
 *
 * @param method of the request
 * @param first a request that the same connection has served before
 */
export async function verdictOf(
  url: string,
  { upstream }: Pick<Bed, "upstream">,
  bytes: Uint8Array,
  method = "POST",
  first?: Uint8Array,
): Promise<Verdict> {
  const connection = await open(url)
  if (first) {
    await connection.send(first)
    await connection.answer()
  }
  const before = upstream.count()
  const answers: Answer[] = []
  let then = "closed"
  await connection.send(bytes)
  const answer = await connection.answer(method)
  if (answer) {
    answers.push(answer)
    await connection.send(PROBE)
    for (let next = await connection.answer("GET"); next; next = await connection.answer("GET")) {
      if (next.body.toString() === ALIVE) {
        then = "open"
        break
      }
      answers.push(next)
    }
  }
  connection.close()
  const asked = upstream.requests.slice(before).map(({ method, path, rawHeaders, body }) => {
    const headers = rawHeaders.map(([name, value]) => `${name}: ${value}`)
    return steady([`${method} ${path}`, ...headers, "", Buffer.from(body).toString()].join("\n"))
  })
  const statuses = answers.flatMap(({ interim, status }) => [
    ...interim.map((n) => `(${n})`),
    status,
  ])
  return { outcome: [...statuses, then].join(" "), answers: answers.map(told), upstream: asked }
}
