import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { until } from "../../support/cleanup.ts"
import { type Bed, startBed } from "./bed.ts"
import { type Connection, open } from "./connection.ts"
import { question, request } from "./requests.ts"
import { ALL_WAYS } from "./ways.ts"

const AT_ONCE = 10

let bed: Bed
beforeAll(async () => {
  bed = await startBed({}, { silent: "stall", middle: "role|tok:2|stall", whole: "hdr|stall" })
  // The ledger opens its files with the first row.
  const connection = await open(bed.url)
  await connection.send(request())
  await connection.answer()
  connection.close()
  await bed.router.rows()
})
afterAll(() => bed.close())

const LEAVES: Record<string, (connection: Connection) => void> = {
  closes: (connection) => connection.close(),
  resets: (connection) => connection.reset(),
  "says that nothing more comes": (connection) => connection.finish(),
}
const PHASES: Record<string, [body: string, come: number]> = {
  "before anything comes": [question("silent"), 0],
  "before anything of a stream comes": [question("silent", { stream: true }), 0],
  "in the middle of a stream": [question("middle", { stream: true }), 1],
  "behind the headers of an upstream": [question("whole"), 0],
}

/** Open files, but for both ends of the connections to the upstream, which are kept. */
const files = () => readdirSync("/proc/self/fd").length - 2 * bed.upstream.connections.open
const rowsOf = async () =>
  (await bed.router.rows()).map(({ status, error }) => `${status} ${error}`)

describe.each(ALL_WAYS)("%s", (_, way) => {
  describe.each(Object.entries(LEAVES))("a client that %s", (_, leave) => {
    test.each(Object.entries(PHASES))(
      "%s takes its upstream's request with it",
      async (_, [body, come]) => {
        const before = bed.upstream.count()
        const rows = (await rowsOf()).length
        const open0 = files()
        const connections = await Promise.all(Array.from({ length: AT_ONCE }, () => open(bed.url)))
        await Promise.all(connections.map((connection) => connection.send(way(body))))
        const asked = () => bed.upstream.requests.slice(before)
        await until(() => asked().length === AT_ONCE)
        await until(() => connections.every((connection) => connection.received() >= come))
        if (come > 0) await until(() => asked().every(({ tokens }) => tokens === 2))
        for (const connection of connections) leave(connection)
        await until(() => asked().every(({ aborted }) => aborted))
        await until(async () => (await rowsOf()).length === rows + AT_ONCE)
        expect(new Set((await rowsOf()).slice(rows))).toEqual(new Set(["499 client-gone"]))
        await Promise.all(connections.map(({ end }) => end))
        for (const connection of connections) connection.close()
        await until(() => files() <= open0)
      },
    )
  })
})

describe.each(Object.entries(LEAVES))("a client that %s", (_, leave) => {
  const REST = request({ body: question("g", { user: "a".repeat(200_000) }) })
  test.each([
    ["in the first line", 10],
    ["in the head", 60],
    ["between head and body", REST.indexOf("\r\n\r\n") + 4],
    ["in the body", REST.indexOf("\r\n\r\n") + 100],
    ["near the end of a large body", REST.length - 1],
  ])("%s asks nobody anything, and leaves nothing behind", async (_, at) => {
    const before = bed.upstream.count()
    const open0 = files()
    for (const first of [undefined, request()]) {
      const connection = await open(bed.url)
      if (first) {
        await connection.send(first)
        expect((await connection.answer())?.status).toBe(200)
      }
      await connection.send(REST.subarray(0, at))
      leave(connection)
      await connection.end
      connection.close()
    }
    await until(() => files() <= open0)
    expect(bed.upstream.count()).toBe(before + 1)
  })

  test("with a part of its next request said takes its upstream's request with it", async () => {
    for (const rest of ["\r\n", "POST /v1/ch", request().toString(), "a".repeat(50_000)]) {
      const before = bed.upstream.count()
      const connection = await open(bed.url)
      await connection.send(Buffer.concat([request({ body: question("silent") })]))
      await until(() => bed.upstream.count() === before + 1)
      await connection.send(rest)
      leave(connection)
      await until(() => bed.upstream.requests[before]!.aborted)
      connection.close()
    }
  })
})

test("a connection that was ended is gone, though its client keeps its own side open", async () => {
  const open0 = files()
  const bytes = [
    request({ lines: ["connection: close"] }),
    request({ body: question("live", { stream: true }), lines: ["connection: close"] }),
    request({ version: "HTTP/1.0" }),
    request({ framing: ["content-length: x"] }),
    request({
      method: "GET",
      target: "/health/live",
      framing: [],
      body: "",
      lines: ["connection: close"],
    }),
  ]
  const connections = await Promise.all(bytes.map(() => open(bed.url)))
  await Promise.all(connections.map((connection, n) => connection.send(bytes[n]!)))
  await Promise.all(connections.map(({ end }) => end))
  // What is left are the clients' own ends.
  await until(() => files() <= open0 + connections.length)
  for (const connection of connections) connection.close()
})
