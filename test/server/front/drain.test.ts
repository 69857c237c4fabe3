import { afterEach, beforeEach, expect, test } from "bun:test"
import { until } from "../../support/cleanup.ts"
import { type Bed, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { question, request } from "./requests.ts"
import { BOTH_WAYS, WAYS } from "./ways.ts"

let bed: Bed
beforeEach(async () => {
  bed = await startBed({}, { gated: "role|tok:1|gate|done" })
})
afterEach(() => bed.close())

const ready = request({ method: "GET", target: "/health/ready", framing: [], body: "" })

/** A connection that has been used, and is kept. */
async function used(bytes: Uint8Array) {
  const connection = await open(bed.url)
  await connection.send(bytes)
  expect((await connection.answer())?.status).toBe(200)
  return connection
}

test("requests that are under way end well, and new ones are refused, however they come", async () => {
  const bodies = [question("gated"), question("gated", { stream: true })]
  const busy = await Promise.all(
    BOTH_WAYS.flatMap(([, way]) =>
      bodies.map(async (body) => {
        const connection = await open(bed.url)
        await connection.send(way(body))
        return connection
      }),
    ),
  )
  const kept = await Promise.all(BOTH_WAYS.map(([, way]) => used(way(question()))))
  await until(() => bed.upstream.count("gated") === busy.length)

  let drained = false
  const end = bed.router.listener.drain().then(() => {
    drained = true
  })
  for (const [, way] of BOTH_WAYS) {
    for (const connection of [...kept, await open(bed.url)]) {
      await connection.send(way(question()))
      const refused = (await connection.answer())!
      expect(refused.status).toBe(503)
      expect(refused.body.toString()).toContain("shutting_down")
      expect(new Map(refused.headers).get("retry-after")).toBe("1")
    }
  }
  const probe = await open(bed.url)
  await probe.send(ready)
  expect((await probe.answer("GET"))?.status).toBe(503)
  expect(drained).toBe(false)

  for (const { gate, model } of bed.upstream.requests) if (model === "gated") gate.open()
  for (const connection of busy) {
    const answer = (await connection.answer())!
    expect(answer.status).toBe(200)
    expect(answer.body.toString()).toMatch(/\[DONE\]|"finish_reason":"stop"/)
  }
  await end
})

test("a router that stops closes what is idle, and lets the rest end", async () => {
  const idle = [
    await open(bed.url),
    ...(await Promise.all(BOTH_WAYS.map(([, way]) => used(way(question()))))),
    await used(request({ body: question("live", { stream: true }) })),
  ]
  const busy = await open(bed.url)
  await busy.send(WAYS["served by the front"]!(question("gated", { stream: true })))
  await until(() => busy.received() > 0)

  const { front, listener } = bed.router
  let stopped = false
  const stop = Promise.all([front.stop(), listener.server!.stop()]).then(() => {
    stopped = true
  })
  await Promise.all(idle.map(({ end }) => end))
  expect(idle.map((connection) => connection.rest().length)).toEqual(idle.map(() => 0))
  await expect(open(bed.url)).rejects.toThrow()
  expect([busy.ended, stopped]).toEqual([false, false])

  bed.upstream.requests.at(-1)!.gate.open()
  const answer = (await busy.answer())!
  expect(answer.body.toString()).toContain("[DONE]")
  await busy.end
  await stop
})

test("a connection on which something is under way at the stop says that it is its last answer", async () => {
  const busy = await open(bed.url)
  await busy.send(request({ body: question("gated") }))
  await until(() => bed.upstream.count() === 1)
  const stop = bed.router.front.stop()
  bed.upstream.requests[0]!.gate.open()
  const { headers } = (await busy.answer())!
  expect(new Map(headers).get("connection")).toBe("close")
  await busy.end
  await stop
})

test("what is still under way when the time is over is told why, and cut", async () => {
  const all = await Promise.all(
    BOTH_WAYS.map(async ([, way]) => {
      const connection = await open(bed.url)
      await connection.send(way(question("gated", { stream: true })))
      return connection
    }),
  )
  await until(() => all.every((connection) => connection.received() > 0))
  const drained = bed.router.listener.drain()
  bed.router.listener.cut()
  for (const connection of all) {
    const answer = (await connection.answer())!
    expect(answer.body.toString()).toContain("shutting_down")
  }
  await drained
  await until(() => bed.upstream.requests.every(({ aborted }) => aborted))
})
