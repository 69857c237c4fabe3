import { afterEach, beforeEach, expect, test } from "bun:test"
import { until } from "../../support/cleanup.ts"
import { type Bed, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { question, request } from "./requests.ts"

const KEY = "sk-router-first-0001"
const bearer = `authorization: Bearer ${KEY}`

let bed: Bed
beforeEach(async () => {
  bed = await startBed({ auth: { keys: [{ key: KEY, name: "first" }] } })
})
afterEach(() => bed.close())

/** What differs from request to request. */
const OWN = new Set(["id", "time", "duration", "ttft"])

const ASKED: Record<string, Buffer> = {
  good: request({ lines: [bearer, "user-agent: a-client/1.0"] }),
  "a stream": request({ body: question("live", { stream: true }), lines: [bearer] }),
  "of another protocol": request({
    target: "/anthropic/v1/messages",
    body: question("g", { max_tokens: 9 }),
    lines: [`x-api-key: ${KEY}`],
  }),
  refused: request({ body: question("bad"), lines: [bearer] }),
  "without a key": request(),
  "to nobody": request({ body: question("none"), lines: [bearer] }),
  nonsense: request({ body: "{", lines: [bearer] }),
  nothing: request({ body: "", lines: [bearer] }),
}

test("the ledger has the same rows of requests, whichever way they came", async () => {
  const rowsFrom = async (url: string) => {
    const before = (await bed.router.rows()).length
    for (const bytes of Object.values(ASKED)) {
      const connection = await open(url)
      await connection.send(bytes)
      await connection.answer()
      connection.close()
    }
    const rows = (await bed.router.rows()).slice(before)
    return rows.map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([name]) => !OWN.has(name))
          // Of a route's record, what was measured.
          .map(([name, value]) => [name, String(value).replace(/\d+\.\d+/g, "#")]),
      ),
    )
  }
  // The first request of a process differs in what is measured.
  await rowsFrom(bed.url)
  const behind = await rowsFrom(bed.inner)
  expect(behind.length).toBeGreaterThan(3)
  expect(await rowsFrom(bed.url)).toEqual(behind)
})

test("a client that leaves in the middle of its body is in the ledger the same way", async () => {
  const bytes = request({ lines: [bearer], body: question("g", { user: "a".repeat(1000) }) })
  const rowsFrom = async (url: string) => {
    const before = (await bed.router.rows()).length
    const connection = await open(url)
    await connection.send(bytes.subarray(0, bytes.length - 10))
    connection.close()
    // One that comes later is in the ledger later.
    const later = await open(url)
    await later.send(ASKED["good"]!)
    await later.answer()
    later.close()
    const ids = async () => (await bed.router.rows()).slice(before)
    await until(async () => (await ids()).some(({ status }) => status === 200))
    return (await ids()).map(({ status, error }) => ({ status, error }))
  }
  expect(await rowsFrom(bed.url)).toEqual(await rowsFrom(bed.inner))
})
