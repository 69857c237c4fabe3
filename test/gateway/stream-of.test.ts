import { describe, expect, test } from "bun:test"
import type { BodyWriter, Exchange, PushedBody } from "../../src/core/exchange.ts"
import { Life } from "../../src/core/life.ts"
import type { GatewayContext } from "../../src/gateway/context.ts"
import { streamOf } from "../../src/gateway/stream-of.ts"
import { type Deadline, hasPassed } from "../../src/transport/watchdog.ts"

/** A stream whose answer, client and time the test plays. */
function play({ keepAlive = 100, first }: { keepAlive?: number; first?: string } = {}) {
  let now = 0
  let takes = true
  const deadlines = new Set<Deadline>()
  const context = {
    clock: { now: () => now, wall: () => now },
    watchdog: {
      watch: (deadline: Deadline) => void deadlines.add(deadline),
      release: (deadline: Deadline) => void deadlines.delete(deadline),
    },
  } as unknown as GatewayContext
  const signal = new Life()
  const exchange = {
    signal,
    protocol: { ingress: { keepAlive: Buffer.from("ping") } },
  } as unknown as Exchange
  const asked: string[] = []
  let answer: BodyWriter | undefined
  const body: PushedBody = {
    start(writer) {
      answer = writer
      asked.push("start")
    },
    drained: () => asked.push("drained"),
    cancel: () => asked.push("cancel"),
  }
  const got: string[] = []
  const client: BodyWriter = {
    write(bytes) {
      got.push(Buffer.from(bytes).toString())
      return takes
    },
    end: () => got.push("end"),
    fail: () => got.push("fail"),
  }
  const stream = streamOf(
    context,
    exchange,
    body,
    keepAlive,
    first ? Buffer.from(first) : undefined,
  )
  return {
    stream,
    client,
    signal,
    asked,
    got,
    deadlines,
    say: (text: string) => answer!.write(Buffer.from(text)),
    answer: () => answer!,
    stall: () => {
      takes = false
    },
    take() {
      takes = true
      stream.drained()
    },
    /** Time goes on, and all deadlines are looked at each millisecond. */
    wait(ms: number) {
      for (const end = now + ms; now < end; ) {
        now++
        for (const deadline of [...deadlines]) {
          if (!hasPassed(deadline, now)) continue
          deadlines.delete(deadline)
          deadline.expire()
        }
      }
    },
  }
}

describe("keepalives", () => {
  test("are sent each time the answer was silent for so long", () => {
    const { stream, client, got, say, wait } = play()
    stream.start(client)
    wait(99)
    say("one")
    // Silence counts from the next look at it.
    wait(100)
    expect(got).toEqual(["one"])
    wait(1)
    wait(100)
    say("two")
    expect(got).toEqual(["one", "ping", "ping", "two"])
  })

  test("are not sent to a client that takes nothing, and again when it does", () => {
    const { stream, client, got, say, wait, stall, take } = play()
    stream.start(client)
    stall()
    expect(say("one")).toBe(false)
    wait(200)
    expect(got).toEqual(["one"])
    take()
    wait(100)
    expect(got).toEqual(["one", "ping"])
  })

  test("are never sent where there are none, nor behind the end", () => {
    const without = play({ keepAlive: 0 })
    without.stream.start(without.client)
    expect(without.deadlines.size).toBe(0)
    for (const end of ["end", "fail"] as const) {
      const { stream, client, deadlines, answer, got } = play()
      stream.start(client)
      if (end === "end") answer().end()
      else answer().fail(new Error("broken"))
      expect(got).toEqual([end])
      expect(deadlines.size).toBe(0)
    }
  })

  test("may be what comes first, before the answer is asked for", () => {
    const { stream, client, got, asked, say } = play({ first: "hello" })
    expect(asked).toEqual([])
    stream.start(client)
    say("one")
    expect(got).toEqual(["hello", "one"])
  })
})

describe("a client that leaves", () => {
  test.each(["by its request", "by its stream"])("ends the answer once: %s", (how) => {
    const { stream, client, signal, asked, deadlines, got, say, answer } = play()
    stream.start(client)
    if (how === "by its request") signal.abort(new Error("gone"))
    else stream.cancel()
    stream.cancel()
    signal.abort(new Error("gone"))
    say("late")
    answer().end()
    stream.drained()
    expect(asked).toEqual(["start", "cancel"])
    expect(got).toEqual([])
    expect(deadlines.size).toBe(0)
  })

  test("before its stream was begun has ended the answer, which is never begun", () => {
    const { stream, client, signal, asked, got } = play()
    signal.abort(new Error("gone"))
    stream.start(client)
    expect(asked).toEqual(["cancel"])
    expect(got).toEqual(["end"])
  })
})
