import { afterAll, beforeAll, expect, test } from "bun:test"
import { until } from "../../support/cleanup.ts"
import { type Bed, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { chunks, question, request } from "./requests.ts"

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

const HEALTH = { method: "GET", target: "/health/live", framing: [], body: "" }
/** Requests, and what the body of each one's answer has in it. */
const KINDS = {
  plain: [request(), "hello"],
  "a long one": [request({ body: question("big") }), "again and again"],
  stream: [request({ body: question("live", { stream: true }) }), "[DONE]"],
  refused: [request({ body: question("none") }), "model_not_found"],
  chunks: [request({ framing: ["transfer-encoding: chunked"], body: chunks(question()) }), "hello"],
  health: [request(HEALTH), '"ok"'],
} as const
type Kind = keyof typeof KINDS

const kinds = Object.keys(KINDS) as Kind[]
const ORDERS: Kind[][] = [
  ...kinds.flatMap((first) => kinds.map((second) => [first, second])),
  ["plain", "plain", "plain"],
  ["plain", "stream", "plain"],
  ["stream", "stream", "stream"],
  ["plain", "health", "plain"],
  ["plain", "chunks", "stream"],
  ["refused", "refused", "plain"],
]

/** Whether only plain requests are in it: the front serves each in its turn. */
const isServed = (order: readonly Kind[]) =>
  order.every((kind) => kind !== "chunks" && kind !== "health")

// Bun 1.4.5 closes the connection when a second request comes while a handler still awaits; the front
// serves one after the other, until one comes that it passes on.
test.each(ORDERS.map((order) => [order.join(", "), order] as const))(
  "requests in one piece are answered in order or not at all: %s",
  async (_, order) => {
    const connection = await open(bed.url)
    await connection.send(Buffer.concat(order.map((kind) => KINDS[kind][0])))
    let served = 0
    for (const kind of order) {
      const answer = await connection.answer(kind === "health" ? "GET" : "POST")
      if (!answer) break
      expect(answer.body.toString()).toContain(KINDS[kind][1])
      served++
    }
    if (isServed(order)) expect(served).toBe(order.length)
    else if (served < order.length) await connection.end
    expect(connection.rest().toString()).toBe("")
    connection.close()
  },
)

test("of a thousand requests without a pause, as many as are answered are so in order", async () => {
  const before = bed.upstream.count()
  const connection = await open(bed.url)
  const users = Array.from({ length: 1000 }, (_, n) => `user-${n}`)
  const all = users.map((user) => request({ body: question("g", { user }) }))
  await connection.send(Buffer.concat(all))
  let served = 0
  // Where a piece ends in a head, it is passed on with all that follows, which Bun's server may refuse.
  while (served < users.length && (await connection.answer())?.status === 200) served++
  expect(served).toBeGreaterThan(10)
  const asked = bed.upstream.requests.slice(before).map(({ json }) => json!["user"])
  expect(asked).toEqual(users.slice(0, asked.length))
  connection.close()
})

test("what follows a request that asks to close is not served", async () => {
  const before = bed.upstream.count()
  const connection = await open(bed.url)
  const last = request({ lines: ["connection: close"] })
  await connection.send(Buffer.concat([last, request(), request()]))
  expect((await connection.answer())?.status).toBe(200)
  await connection.end
  expect(connection.rest().toString()).toBe("")
  expect(bed.upstream.count()).toBe(before + 1)
})

test.each([
  ["an empty line", "\r\n"],
  ["two empty lines", "\r\n\r\n"],
  ["half a method", "PO"],
  ["nonsense", "\0\0\0\0"],
])("%s behind a plain request harms no answer, and is answered or refused", async (_, rest) => {
  const connection = await open(bed.url)
  await connection.send(Buffer.concat([request(), Buffer.from(rest)]))
  const answer = await connection.answer()
  // The server behind refuses the rest as soon as it knows; the front's answer comes first.
  expect(answer?.status).toBe(200)
  connection.finish()
  await connection.end
  connection.close()
})

test("a request of which half comes behind another one is answered when it is whole", async () => {
  for (const cut of [1, 30, 100, 150]) {
    const connection = await open(bed.url)
    const next = request({ body: question("big") })
    await connection.send(Buffer.concat([request(), next.subarray(0, cut)]))
    expect((await connection.answer())?.body.toString()).toContain("hello")
    await connection.send(next.subarray(cut))
    expect((await connection.answer())?.body.toString()).toContain("again and again")
    connection.close()
  }
})

test("a request that comes while another one streams waits for its turn", async () => {
  const slow = await startBed({}, { gated: "role|tok:1|gate|done" })
  try {
    const connection = await open(slow.url)
    await connection.send(request({ body: question("gated", { stream: true }) }))
    await until(() => connection.received() > 0)
    await connection.send(request())
    // More than is taken in before its turn.
    const user = "a".repeat(3_000_000)
    const sent = connection.send(request({ body: question("big", { user }) }))
    expect(slow.upstream.count()).toBe(1)
    slow.upstream.requests[0]!.gate.open()
    expect((await connection.answer())?.body.toString()).toContain("[DONE]")
    expect((await connection.answer())?.body.toString()).toContain("hello")
    expect((await connection.answer())?.body.toString()).toContain("again and again")
    await sent
    expect(slow.upstream.requests[2]!.json!["user"] === user).toBe(true)
    connection.close()
  } finally {
    await slow.close()
  }
})
