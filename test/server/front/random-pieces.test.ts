import { afterAll, beforeAll, expect, test } from "bun:test"
import { seeded } from "../../routing/seeded.ts"
import { type Bed, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { chunks, question, request } from "./requests.ts"

const SEED = 20_261_123
const CONNECTIONS = 60

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

const random = seeded(SEED)
const below = (limit: number) => Math.floor(random() * limit)

/** A request of any kind, and what the answer's body has in it. */
const MAKE: readonly ((user: string) => [Buffer, string])[] = [
  (user) => [request({ body: question("g", { user }) }), "hello"],
  (user) => [request({ body: question("big", { user }) }), "again and again"],
  (user) => [request({ body: question("live", { user, stream: true }) }), "[DONE]"],
  (user) => [request({ body: question("none", { user }) }), "model_not_found"],
  (user) => [
    request({
      framing: ["transfer-encoding: chunked"],
      body: chunks(question("g", { user }), 1 + below(200)),
    }),
    "hello",
  ],
  (user) => [request({ body: question("g", { user, pad: "a".repeat(below(300_000)) }) }), "hello"],
  () => [request({ method: "GET", target: "/health/live", framing: [], body: "" }), '"ok"'],
]

/** Answers that only the upstream gives. */
const ASKING = new Set(["hello", "again and again", "[DONE]"])

test("any requests in any pieces are answered, each with its own answer", async () => {
  const expected: string[] = []
  for (let n = 0; n < CONNECTIONS; n++) {
    const connection = await open(bed.url)
    for (let times = 1 + below(6); times > 0; times--) {
      const user = `user-${n}-${times}`
      const [bytes, text] = MAKE[below(MAKE.length)]!(user)
      for (let at = 0; at < bytes.length; ) {
        const size = below(2) === 0 ? 1 + below(20) : 1 + below(bytes.length)
        await connection.send(bytes.subarray(at, at + size))
        if (below(3) === 0) await new Promise(setImmediate)
        at += size
      }
      const answer = await connection.answer()
      expect([user, answer?.body.toString()]).toEqual([user, expect.stringContaining(text)])
      expect(connection.rest().length).toBe(0)
      if (ASKING.has(text)) expected.push(user)
    }
    connection.close()
  }
  const asked = bed.upstream.requests.map(({ json }) => String(json!["user"]))
  expect(asked).toEqual(expected)
})
