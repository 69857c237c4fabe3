import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { type Bed, startBed } from "./bed.ts"
import { question, request } from "./requests.ts"
import type { Errand } from "./sent-first-client.ts"

/** Milliseconds for which what is written down waits for the client to have its answer. */
const PATIENCE = 3000

let bed: Bed
beforeEach(async () => {
  bed = await startBed({}, { huge: "role|tok:20000|done" })
})
afterEach(() => bed.close())

/** What is written down of requests, in its order, each with whether their client had its answer by then. */
function watchBooks(came: SharedArrayBuffer): [string, boolean][] {
  const { context, logger } = bed.router.runtime
  const ledger = context.ledger()
  const seen: [string, boolean][] = []
  const flag = new Int32Array(came)
  // Nothing can be written after this has begun to wait.
  const had = () => Atomics.wait(flag, 0, 0, PATIENCE) !== "timed-out"
  const { record } = ledger
  ledger.record = (row, route) => {
    seen.push([`row ${row.status}`, had()])
    record(row, route)
  }
  logger.request = (row) => void seen.push([`line ${row.status}`, had()])
  return seen
}

/** Sends a request from another thread. @returns the answer, and what was written down of it */
async function ask(url: string, bytes: Uint8Array) {
  const came = new SharedArrayBuffer(4)
  const seen = watchBooks(came)
  const client = new Worker(new URL("./sent-first-client.ts", import.meta.url))
  try {
    const { promise, resolve } = Promise.withResolvers<string>()
    client.onmessage = ({ data }) => resolve(data)
    client.postMessage({ port: Number(new URL(url).port), bytes, came } satisfies Errand)
    const answer = await promise
    await bed.router.listener.drain()
    return { answer, seen }
  } finally {
    client.terminate()
  }
}

const GZIP = "accept-encoding: gzip"

/** Whole answers of which the end is sent in different ways. */
const ANSWERS: readonly [name: string, group: string, lines: string[], version?: string][] = [
  ["as it is", "g", []],
  ["packed at once", "big", [GZIP]],
  ["packed by another thread", "huge", [GZIP]],
  ["larger than is written at once", "huge", []],
  ["as the last one of its connection", "g", ["connection: close"]],
  ["to a client of version 1.0", "g", [], "HTTP/1.0"],
]

for (const place of ["url", "inner"] as const) {
  const by = place === "url" ? "the front" : "the server behind it"
  describe(`what ${by} answers is written down once, when its client has it:`, () => {
    for (const [name, group, lines, version = "HTTP/1.1"] of ANSWERS) {
      test(`an answer ${name}`, async () => {
        const bytes = request({ body: question(group), lines, version })
        const { answer, seen } = await ask(bed[place], bytes)
        expect(answer).toMatch(/^HTTP\/1\.[01] 200 OK/)
        expect(/^content-encoding: gzip\r$/im.test(answer)).toBe(lines[0] === GZIP)
        expect(seen).toEqual([
          ["row 200", true],
          ["line 200", true],
        ])
      })
    }
  })
}
