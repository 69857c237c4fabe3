import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { conversationBody } from "../../bench/conversation.ts"
import type { MixedOrder, MixedReport } from "../../bench/mixed.ts"
import { CHUNKS, DELAY, type Kind, messagesBody, requestBody } from "../../bench/payload.ts"
import { wireOf } from "../../bench/request.ts"
import type { SteadyOrder, SteadyReport } from "../../bench/steady.ts"
import type { StreamOrder, StreamReport } from "../../bench/streams.ts"
import { closedPort } from "../support/upstream/closed-port.ts"

const folder = mkdtempSync(join(tmpdir(), "llmrouter-test-"))
const program = (name: string, ...args: string[]) =>
  Bun.spawn([process.execPath, join(import.meta.dir, "../../bench", name), ...args], {
    stdout: "pipe",
    stderr: "inherit",
  })

let upstream: ReturnType<typeof program>
let port = 0

beforeAll(async () => {
  upstream = program("upstream.ts")
  const { value } = await upstream.stdout.getReader().read()
  port = Number(new TextDecoder().decode(value))
})

afterAll(async () => {
  upstream.kill()
  await upstream.exited
  rmSync(folder, { recursive: true, force: true })
})

const request = (body: string) => ({ port, path: "/v1/chat/completions", headers: {}, body })
const ask = (body: string | ReadableStream) =>
  fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST", body })
const count = (text: string, what: string) => text.split(what).length - 1
const events = (text: string) => count(text, '" word"')

describe("the upstream of the bench", () => {
  test("answers at once, or after a while", async () => {
    expect(await (await ask(requestBody("plain"))).json()).toHaveProperty("usage")
    const before = performance.now()
    expect(await (await ask(requestBody("slow"))).json()).toHaveProperty("usage")
    // A lower bound: a machine under load can only make it later.
    expect(performance.now() - before).toBeGreaterThanOrEqual(DELAY - 1)
  })

  test("streams all events, and says that it is done", async () => {
    for (const kind of ["fast", "paced"] satisfies Kind[]) {
      const text = await (await ask(requestBody(kind))).text()
      expect(events(text)).toBe(CHUNKS)
      expect(text.trimEnd()).toEndWith("[DONE]")
    }
  })

  test("streams as many events as it is asked for", async () => {
    const text = await (await ask('{"user": "fast:12345"}')).text()
    expect(events(text)).toBe(12_345)
  })

  test("is told by the model where a protocol has no user", async () => {
    expect(events(await (await ask(messagesBody("fast"))).text())).toBe(CHUNKS)
  })

  test("takes bodies in pieces, and chunked ones", async () => {
    const body = requestBody("fast")
    const pieces = new ReadableStream({
      async start(controller) {
        for (let at = 0; at < body.length; at += 100) {
          controller.enqueue(new TextEncoder().encode(body.slice(at, at + 100)))
          await Bun.sleep(0)
        }
        controller.close()
      },
    })
    expect(events(await (await ask(pieces)).text())).toBe(CHUNKS)
    const large = requestBody("plain", "bench", 3_000_000)
    expect(await (await ask(large)).json()).toHaveProperty("usage")
  })
})

describe("the load of the bench", () => {
  const order = (rest: Partial<StreamOrder>, kind: Kind): string => {
    const wire = wireOf(request(requestBody(kind))).toString()
    const whole: StreamOrder = { port, wire, width: 4, seconds: 0, leave: 0, ...rest }
    return JSON.stringify(whole)
  }
  const report = async <Report>(child: ReturnType<typeof program>): Promise<Report> =>
    JSON.parse(await new Response(child.stdout).text())

  test("reads streams to their ends", async () => {
    const client = program("stream-client.ts", order({ width: 4 }, "fast"))
    const { finished, failed } = await report<StreamReport>(client)
    expect(finished).toBeGreaterThanOrEqual(4)
    expect(failed).toBe(0)
  })

  test("counts what is no stream, and what nobody answers, as failed", async () => {
    const whole = program("stream-client.ts", order({ width: 3 }, "plain"))
    expect(await report<StreamReport>(whole)).toMatchObject({ finished: 0, failed: 3 })
    const closed = program(
      "stream-client.ts",
      order({ width: 3, port: await closedPort() }, "fast"),
    )
    expect(await report<StreamReport>(closed)).toMatchObject({ finished: 0, failed: 3 })
  })

  test("leaves streams after their first event", async () => {
    const client = program("leaving-client.ts", order({ leave: 25 }, "paced"))
    expect(await report<StreamReport>(client)).toMatchObject({ finished: 25, failed: 0 })
  })

  test("sends small requests at fixed times and a large one each second", async () => {
    const whole: MixedOrder = {
      port,
      small: wireOf(request(requestBody("plain"))).toString(),
      large: wireOf(request(requestBody("plain", "bench", 8_000_000))).toString(),
      seconds: 1,
    }
    const path = join(folder, "mixed.json")
    await Bun.write(path, JSON.stringify(whole))
    const { small, large, failed } = await report<MixedReport>(program("mixed-client.ts", path))
    expect(failed).toBe(0)
    expect(small).toHaveLength(100)
    expect(large).toHaveLength(1)
  })

  const steady = (how: Partial<SteadyOrder>, kind: Kind) => {
    const wire = wireOf(request(requestBody(kind))).toString()
    const whole: SteadyOrder = { port, wire, seconds: 1, width: 1, perSecond: 1, ...how }
    return report<SteadyReport>(program("steady-client.ts", JSON.stringify(whole)))
  }

  test("sends as many requests as are due, whether others are answered or not", async () => {
    const { requests, failed, p50 } = await steady({ width: 50, perSecond: 200 }, "slow")
    expect(failed).toBe(0)
    expect(requests).toBe(200)
    expect(p50).toBeGreaterThanOrEqual(DELAY - 1)
  })

  test("counts what a request waits for a connection", async () => {
    // One connection carries 20 a second: the last one is due within the first second, and sent in the second.
    const { requests, p99 } = await steady({ width: 1, perSecond: 40 }, "slow")
    expect(requests).toBe(40)
    expect(p99).toBeGreaterThanOrEqual(40 * DELAY - 1000)
  })

  test("counts what is refused as failed", async () => {
    const refused = await steady({ port: await closedPort(), perSecond: 3 }, "plain")
    expect(refused).toMatchObject({ requests: 0, failed: 3 })
  })
})

describe("a long conversation", () => {
  test("is of 200 KB, and every call of a tool in it has its result", () => {
    const text = conversationBody()
    expect(text.length).toBeWithin(190_000, 230_000)
    expect(count(text, '"type":"tool_use"')).toBeGreaterThan(100)
    expect(count(text, '"type":"tool_result"')).toBe(count(text, '"type":"tool_use"'))
  })

  test("is answered by the upstream like any other", async () => {
    expect(await (await ask(conversationBody())).json()).toHaveProperty("usage")
  })
})
