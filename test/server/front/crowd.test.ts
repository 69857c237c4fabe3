import { afterAll, beforeAll, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { until } from "../../support/cleanup.ts"
import { type Bed, startBed } from "./bed.ts"
import { type Connection, open } from "./connection.ts"
import { question } from "./requests.ts"
import { BOTH_WAYS } from "./ways.ts"

const MANY = 1000

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

const files = () => readdirSync("/proc/self/fd").length - 2 * bed.upstream.connections.open

test.each(BOTH_WAYS)(
  "a thousand connections that were idle ask at once, and each gets its own answer: %s",
  async (_, way) => {
    const before = files()
    const connections: Connection[] = []
    while (connections.length < MANY) {
      connections.push(...(await Promise.all(Array.from({ length: 100 }, () => open(bed.url)))))
    }
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(
        connections.map(async (connection, n) => {
          // Every other one is streamed, so that none can have got another's.
          const [model, more] = n % 2 === 0 ? ["g", {}] : ["live", { stream: true }]
          await connection.send(way(question(model as string, more as object)))
          const answer = await connection.answer()
          return [answer?.status, answer?.body.toString().includes("[DONE]")]
        }),
      )
      expect(answers).toEqual(connections.map((_, n) => [200, n % 2 === 1]))
    }
    for (const connection of connections) connection.close()
    await until(() => files() <= before + 10)
  },
)
