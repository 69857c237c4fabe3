import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { setImmediate } from "node:timers/promises"
import { told } from "./verdict.ts"
import { type Bed, startBed } from "./bed.ts"
import { type Connection, open } from "./connection.ts"
import { chunks, question, request } from "./requests.ts"

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

const body = question("g", { user: "a".repeat(300) })
const REQUESTS: Record<string, Buffer> = {
  plain: request({ body, lines: ["x-Odd: Abc"] }),
  "of a stream": request({ body: question("live", { stream: true }) }),
  "in chunks": request({ framing: ["transfer-encoding: chunked"], body: chunks(body, 7) }),
  "of another protocol": request({
    target: "/anthropic/v1/messages?beta=true",
    body: '{"model":"g","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}',
  }),
  "of a list": request({ method: "GET", target: "/v1/models", framing: [], body: "" }),
  "to nothing": request({ target: "/v1/nothing" }),
}

/** Sends bytes in pieces, each on its own. */
async function sendIn(connection: Connection, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces) {
    await connection.send(piece)
    // Whoever reads in this process gets its turn.
    await setImmediate()
  }
}

function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function answerTo(pieces: Iterable<Uint8Array>): Promise<string> {
  const connection = await open(bed.url)
  await sendIn(connection, pieces)
  const answer = await connection.answer()
  connection.close()
  return told(answer!)
}

describe.each(Object.entries(REQUESTS))("a request %s", (_, bytes) => {
  test("is answered the same in pieces of any size", async () => {
    const whole = await answerTo([bytes])
    expect(whole).toMatch(/^[24]0/)
    for (const size of [1, 2, 3, 7, 64]) {
      expect([size, await answerTo(piecesOf(bytes, size))]).toEqual([size, whole])
    }
  })

  test("is answered the same wherever it is cut in two", async () => {
    const whole = await answerTo([bytes])
    for (let at = 1; at < bytes.length; at++) {
      const [one, two] = [bytes.subarray(0, at), bytes.subarray(at)]
      expect([at, await answerTo([one, two])]).toEqual([at, whole])
    }
  })
})

test.each([1, 2, 3, 7, 64, 1 << 20])(
  "requests of all kinds, one behind the other in pieces of %d bytes, are answered in order",
  async (size) => {
    const all = Object.values(REQUESTS)
    const alone: string[] = []
    for (const bytes of all) alone.push(await answerTo([bytes]))
    const order = [0, 0, 1, 2, 0, 4, 1, 3, 5, 0, 2, 2, 1, 0]
    // Each way to begin: from there on, all of it goes the one way or changes once.
    for (const turn of [0, 3, 5]) {
      const turned = [...order.slice(turn), ...order.slice(0, turn)]
      const connection = await open(bed.url)
      const heard: string[] = []
      for (const at of turned) {
        await sendIn(connection, piecesOf(all[at]!, size))
        heard.push(told((await connection.answer())!))
      }
      expect(heard).toEqual(turned.map((at) => alone[at]!))
      connection.close()
    }
  },
)
