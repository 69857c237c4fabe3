import { afterAll, beforeAll, expect, test } from "bun:test"
import { until } from "../../support/cleanup.ts"
import { type Bed, startBed } from "./bed.ts"
import { type Connection, open } from "./connection.ts"
import { question, request } from "./requests.ts"

let bed: Bed
beforeAll(async () => {
  bed = await startBed({}, { gated: "role|tok:1|gate|done", silent: "gate|ok" }, 1)
})
afterAll(() => bed.close())

const longFor = (model: string) =>
  request({
    lines: [`x-long: ${"a".repeat(1000)}`],
    body: question(model, { user: "a".repeat(100_000) }),
  })
const LONG = longFor("big")
/** Where its body begins: behind a head that is longer than a whole request of the others. */
const BODY = LONG.indexOf("\r\n\r\n") + 4

/** What a client says before it falls silent, and the answers that it gets. */
const SILENCES: Record<string, readonly Uint8Array[]> = {
  "says nothing": [],
  "falls silent behind its request": [request()],
  "falls silent behind two requests": [request(), request()],
  "falls silent behind a stream": [request({ body: question("live", { stream: true }) })],
  "falls silent between head and body": [LONG.subarray(0, BODY)],
  "falls silent in its body": [LONG.subarray(0, BODY + 1000)],
  "falls silent in the body of its second request": [...[request(), LONG.subarray(0, BODY + 1000)]],
}

test.concurrent("clients that fall silent are hung up on", async () => {
  const fallSilent = async ([name, pieces]: [string, readonly Uint8Array[]]) => {
    const connection = await open(bed.url)
    for (const piece of pieces) {
      await connection.send(piece)
      if (piece.length >= BODY) continue
      expect((await connection.answer())?.status).toBe(200)
    }
    await connection.end
    expect([name, connection.rest().length]).toEqual([name, 0])
  }
  await Promise.all(Object.entries(SILENCES).map(fallSilent))
  expect(bed.upstream.count("big")).toBe(0)
})

test.concurrent("a client that waits for its answer may be silent for as long as that takes", async () => {
  const bodies = [question("silent"), question("gated", { stream: true })]
  const waiting: Connection[] = []
  for (const body of bodies) {
    const connection = await open(bed.url)
    await connection.send(request({ body }))
    waiting.push(connection)
  }
  await until(() => bed.upstream.count("silent") + bed.upstream.count("gated") === 2)
  // Longer than a client may be that waits for nothing.
  await (await open(bed.url)).end
  for (const { gate } of bed.upstream.requests) gate.open()
  for (const connection of waiting) {
    expect((await connection.answer())?.status).toBe(200)
    connection.close()
  }
})

test.concurrent("a client that does not take the end of its answer is hung up on", async () => {
  const large = await startBed({}, { large: "line:32m|done" }, 1)
  try {
    const connection = await open(large.url)
    connection.pause()
    await connection.send(request({ body: question("large") }))
    await until(() => large.upstream.requests[0]?.finished)
    // It hears of it as soon as it reads.
    await (await open(large.url)).end
    connection.resume()
    expect(await connection.answer()).toBeUndefined()
  } finally {
    await large.close()
  }
})

test.concurrent("a body that comes byte by byte keeps no connection open, and one that comes slowly does", async () => {
  const [dripping, slow] = [await open(bed.url), await open(bed.url)]
  const long = longFor("edge")
  await dripping.send(LONG.subarray(0, BODY))
  await slow.send(long.subarray(0, BODY + 1))
  let at = BODY + 1
  const drip = setInterval(() => {
    void dripping.send("a")
    void slow.send(long.subarray(at, at + 5000))
    at += 5000
  }, 100)
  await dripping.end
  // Beyond the time in which the other one was hung up on.
  expect((await slow.answer())?.status).toBe(200)
  clearInterval(drip)
  slow.close()
})
