import { describe, expect, test } from "bun:test"
import type { Deployment } from "../../src/core/routing.ts"
import type { Health } from "../../src/routing/health.ts"
import { asker, counted } from "./asker.ts"
import { deployment } from "./parts.ts"
import { seeded } from "./seeded.ts"

type Times = Record<string, number>

/** Deployments that answer after a time of their own, and the requests that they get. */
function world(weights: Record<string, number>, times: Times, stream = true) {
  const made = asker({
    strategy: "lowest-latency",
    random: seeded(7),
    deployments: (health: Health): Deployment[] =>
      Object.entries(weights).map(([id, weight]) => deployment(id, { health, weight })),
  })
  const { clock, health, pick } = made
  const due: { at: number; run: () => void }[] = []

  function pass(ms: number): void {
    const until = clock.now() + ms
    for (;;) {
      due.sort((a, b) => a.at - b.at)
      const next = due[0]
      if (!next || next.at > until) break
      due.shift()
      clock.advance(next.at - clock.now())
      next.run()
    }
    clock.advance(until - clock.now())
  }

  /** One request now. @returns the deployment that it goes to */
  function send(): string {
    const { channel } = pick({ stream })
    const { id } = channel.deployment
    const trial = health.begin(channel, 0, stream)
    const time = times[id]!
    due.push({
      at: clock.now() + time,
      run() {
        if (stream) health.answered(trial)
        health.succeed(trial, {
          duration: time,
          ttft: stream ? time : undefined,
          stream,
          input: 10,
          output: 100,
        })
      },
    })
    return id
  }

  /** Requests at an even pace. @returns where they went */
  function run(count: number, gap: number): string[] {
    return Array.from({ length: count }, () => {
      const id = send()
      pass(gap)
      return id
    })
  }

  return { ...made, times, send, pass, run }
}

const EVEN = { "a/x": 1, "b/x": 1, "c/x": 1 }

describe("lowest-latency", () => {
  test.each([true, false])(
    "gives nearly all to the fastest, once it knows all (stream: %p)",
    (stream) => {
      const { run } = world(EVEN, { "a/x": 400, "b/x": 200, "c/x": 300 }, stream)
      run(20, 500)
      const { "b/x": fastest = 0 } = counted(run(1000, 50))
      expect(fastest).toBeGreaterThan(970)
    },
  )

  test("never takes what is unknown for the fastest: one request at a time tries it", () => {
    const times = { "a/x": 100, "b/x": 100, "c/x": 100, "new/x": 5000 }
    const { health, deployments, clock, send, pass, run } = world({ ...EVEN, "new/x": 1 }, times)
    for (const { channels } of deployments.slice(0, 3)) {
      const trial = health.begin(channels[0]!, 0, true)
      clock.advance(100)
      health.answered(trial)
      health.succeed(trial, { duration: 100, stream: true, output: 10 })
    }
    const burst = Array.from({ length: 100 }, send)
    expect(burst[0]).toBe("new/x")
    expect(counted(burst)["new/x"]).toBe(1)
    pass(6000)
    expect(counted(run(100, 50))["new/x"] ?? 0).toBeLessThan(5)
  })

  test("spreads a burst over all while nothing is known", () => {
    const { send } = world(EVEN, { "a/x": 100, "b/x": 100, "c/x": 100 })
    const counts = counted(Array.from({ length: 90 }, send))
    for (const id of Object.keys(EVEN)) expect(counts[id]).toBeGreaterThan(25)
  })

  test("shares the traffic by weight among those within a tenth of the fastest", () => {
    const { run } = world({ "a/x": 3, "b/x": 1, "c/x": 1 }, { "a/x": 200, "b/x": 210, "c/x": 400 })
    run(20, 500)
    const counts = counted(run(4000, 1000))
    expect(counts["a/x"]! / counts["b/x"]!).toBeGreaterThan(2.6)
    expect(counts["a/x"]! / counts["b/x"]!).toBeLessThan(3.4)
    expect(counts["c/x"]!).toBeLessThan(4000 * 0.025)
  })

  test("floods none of those that are equally fast", () => {
    const { send, pass, run, group } = world(EVEN, { "a/x": 3000, "b/x": 3000, "c/x": 3000 })
    run(9, 4000)
    for (let i = 0; i < 300; i++) {
      send()
      pass(10)
    }
    const busy = group.deployments.map(({ health }) => health.traffic.inFlight)
    expect(Math.max(...busy) - Math.min(...busy)).toBeLessThanOrEqual(8)
  })

  test.each([400, 2000])(
    "leaves one that became ten times slower within 10 s (%p ms before)",
    (time) => {
      const { run, times } = world(EVEN, { "a/x": time, "b/x": time * 1.5, "c/x": time * 2 })
      run(60, time)
      const gap = 100
      expect(counted(run(100, gap))["a/x"]!).toBeGreaterThan(90)
      times["a/x"] = time * 10
      run(10_000 / gap, gap)
      expect(counted(run(600, gap))["a/x"] ?? 0).toBeLessThanOrEqual(12)
    },
  )

  test("comes back to one that is fast again", () => {
    const { run, times } = world(EVEN, { "a/x": 2000, "b/x": 300, "c/x": 400 })
    run(20, 2500)
    expect(counted(run(300, 100))["a/x"] ?? 0).toBeLessThan(10)
    times["a/x"] = 100
    run(1200, 100)
    expect(counted(run(300, 100))["a/x"]!).toBeGreaterThan(280)
  })

  test("spends no more than one request in a hundred on what was slower", () => {
    for (const gap of [20, 1000, 60_000]) {
      const { run } = world(EVEN, { "a/x": 100, "b/x": 300, "c/x": 500 })
      run(10, 1000)
      const { "a/x": fastest = 0 } = counted(run(2000, gap))
      expect(2000 - fastest).toBeLessThanOrEqual(21)
    }
  })

  test("tries one for streams that is always busy with whole answers", () => {
    const { pick, health, group, clock, run } = world(
      { "a/x": 1, "b/x": 1 },
      { "a/x": 300, "b/x": 100 },
    )
    const [a, b] = group.channels
    health.begin(b!)
    const trial = health.begin(a!, 0, true)
    clock.advance(300)
    health.answered(trial)
    health.succeed(trial, { duration: 300, stream: true, output: 10 })
    expect(pick({ stream: false }).channel).toBe(a!)
    expect(counted(run(100, 200))["b/x"]!).toBeGreaterThan(95)
  })

  test("asks one that never answers anything only now and then", () => {
    const { pick, clock, health } = world(EVEN, {})
    let asked = 0
    for (let i = 0; i < 1000; i++) {
      const { channel } = pick({ stream: true })
      if (channel.deployment.id === "b/x") {
        asked++
        continue
      }
      const trial = health.begin(channel, 0, true)
      clock.advance(100)
      health.answered(trial)
      health.succeed(trial)
    }
    expect(asked).toBeGreaterThan(1)
    expect(asked).toBeLessThanOrEqual(21)
  })

  test("leaves weight 0 for last, however fast it is", () => {
    const { run } = world({ "a/x": 1, "b/x": 0 }, { "a/x": 900, "b/x": 10 })
    expect(counted(run(200, 1000))).toEqual({ "a/x": 200 })
  })
})
