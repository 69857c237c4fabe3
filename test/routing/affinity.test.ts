import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import { createBindings, WARM } from "../../src/routing/bindings.ts"
import type { Health } from "../../src/routing/health.ts"
import { drawsOf } from "../../src/routing/rendezvous.ts"
import { growthOf, LINEAR } from "../support/growth.ts"
import { contextOf } from "../../src/routing/candidates.ts"
import { asker, counted, inOrder } from "./asker.ts"
import { deployment, RULES } from "./parts.ts"
import { seeded } from "./seeded.ts"

const MINUTE = 60_000
/** Pauses of a minute after any failure. */
const rules = { ...RULES, cooldown: { ...RULES.cooldown, server: MINUTE, rateLimit: MINUTE } }

/** Four keys of one account. */
function agents(strategy: "cache-affinity" | "adaptive" = "cache-affinity") {
  const made = asker({
    strategy,
    rules,
    random: seeded(5),
    deployments: (health: Health) => [deployment("a/x", { health, keys: 4 })],
  })
  const { clock, health, group, ask } = made

  /** One turn of a session; channels in `failing` fail. @returns the channel that answered */
  function turn(session: string | undefined, failing: readonly string[] = []): string {
    const tried = new Set<string>()
    for (;;) {
      const looked = ask({ session, inputTokens: 5000, stream: true })
      const next = inOrder(looked).find(({ channel }) => !tried.has(channel.id))
      if (!next) throw new Error("nothing is left")
      const { channel } = next
      const context = contextOf(looked, next)
      tried.add(channel.id)
      group.strategy.picked?.(channel, context)
      const trial = health.begin(channel, 0, true)
      clock.advance(500)
      if (failing.includes(channel.id)) {
        health.fail(trial, new GatewayError("upstream-rate-limited", ""))
        group.strategy.failed?.(channel, context)
        continue
      }
      health.answered(trial)
      group.strategy.answered?.(channel, context)
      health.succeed(trial, { duration: 500, stream: true, input: 5000, output: 50 })
      return channel.id
    }
  }

  return { ...made, turn }
}

describe.each(["cache-affinity", "adaptive"] as const)("%s", (strategy) => {
  test("keeps a session of 20 turns on one key of four", () => {
    const { turn, clock } = agents(strategy)
    const others = seeded(9)
    const first = turn("s")
    for (let i = 0; i < 20; i++) {
      clock.advance(others() * 30_000)
      turn(`other-${i}`)
      expect(turn("s")).toBe(first)
    }
  })

  test("moves it when its key fails, and nobody else", () => {
    const { turn } = agents(strategy)
    const sessions = Array.from({ length: 40 }, (_, i) => `s${i}`)
    const homes = new Map(sessions.map((session) => [session, turn(session)]))
    const failing = homes.get("s0")!
    const moved = turn("s0", [failing])
    expect(moved).not.toBe(failing)
    for (const session of sessions) {
      const home = homes.get(session)!
      if (home === failing) expect(turn(session)).not.toBe(failing)
      else expect(turn(session)).toBe(home)
    }
    for (let i = 0; i < 5; i++) expect(turn("s0")).toBe(moved)
  })
})

describe("cache-affinity", () => {
  test("returns to the key that failed as soon as it is usable, while that is warm", () => {
    const { turn, clock } = agents()
    const home = turn("s")
    const away = turn("s", [home])
    clock.advance(MINUTE / 2)
    expect(turn("s")).toBe(away)
    clock.advance(MINUTE / 2)
    for (let i = 0; i < 5; i++) expect(turn("s")).toBe(home)
  })

  test("stays away when the key comes back after its cache is gone", () => {
    const { turn, clock } = agents()
    const home = turn("s")
    const away = turn("s", [home])
    for (let waited = 0; waited <= WARM; waited += MINUTE) {
      // Usable again, but failing at once.
      expect(turn("s", [home])).toBe(away)
      clock.advance(MINUTE)
    }
    for (let i = 0; i < 5; i++) expect(turn("s")).toBe(away)
  })

  test("has a new home then: it is where the session returns to after the next failure", () => {
    const { turn, clock } = agents()
    const first = turn("s")
    const second = turn("s", [first])
    for (let waited = 0; waited <= WARM; waited += MINUTE) {
      expect(turn("s", [first])).toBe(second)
      clock.advance(MINUTE)
    }
    const third = turn("s", [second])
    expect(third).not.toBe(second)
    clock.advance(MINUTE)
    expect(turn("s")).toBe(second)
  })

  test("does not lose its way when it has to move twice", () => {
    const { turn, clock } = agents()
    const home = turn("s")
    const second = turn("s", [home])
    clock.advance(MINUTE - 5000)
    const third = turn("s", [second])
    expect(new Set([home, second, third]).size).toBe(3)
    clock.advance(5000)
    expect(turn("s")).toBe(home)
  })

  test("stays where it was after a long silence too: another key would not be warmer", () => {
    const { turn, clock } = agents()
    const home = turn("s")
    const away = turn("s", [home])
    clock.advance(100 * MINUTE)
    expect(turn("s")).toBe(away)
  })

  test("spreads requests without a session over what is idle", () => {
    const { pick, health, group } = agents()
    for (let i = 0; i < 100; i++) health.begin(pick({ session: undefined }).channel)
    const busy = group.channels.map((channel) => channel.health.traffic.inFlight)
    expect(Math.max(...busy) - Math.min(...busy)).toBeLessThanOrEqual(6)
  })
})

describe("sessions", () => {
  const channels = [
    ...deployment("a/x", { keys: 2, weight: 1 }).channels,
    ...deployment("b/x", { keys: 1, weight: 2 }).channels,
    ...deployment("c/x", { weight: 0 }).channels,
  ]
  const homeOf = (session: string, among = channels) => {
    const drawOf = drawsOf(session)
    return among.toSorted((a, b) => drawOf(a) - drawOf(b))[0]!.id
  }
  const sessions = Array.from({ length: 20_000 }, (_, i) => `session-${i}`)

  test("are spread by weight, and weight 0 gets none", () => {
    const counts = counted(sessions.map((session) => homeOf(session)))
    expect(Object.keys(counts).toSorted()).toEqual(["a/x#0", "a/x#1", "b/x#0"])
    expect(counts["a/x#0"]! / 5000).toBeCloseTo(1, 1)
    expect(counts["a/x#1"]! / 5000).toBeCloseTo(1, 1)
    expect(counts["b/x#0"]! / 10_000).toBeCloseTo(1, 1)
  })

  test("begin at the same place on every replica, in whatever order it lists its channels", () => {
    for (const session of sessions.slice(0, 200)) {
      expect(homeOf(session, channels.toReversed())).toBe(homeOf(session))
    }
  })

  test("of other channels do not move when one goes", () => {
    const left = channels.slice(1)
    for (const session of sessions.slice(0, 1000)) {
      const before = homeOf(session)
      if (before !== channels[0]!.id) expect(homeOf(session, left)).toBe(before)
    }
  })

  test("are forgotten when there are too many, never one of those that were used last", () => {
    const bindings = createBindings(4)
    const [a, b] = [channels[0]!, channels[1]!]
    for (const session of ["1", "2", "3", "4"]) bindings.answered(session, a, 0, 1)
    bindings.answered("1", b, 1, 1)
    bindings.answered("5", a, 2, 1)
    expect(bindings.get("2")).toBeUndefined()
    expect(bindings.get("5")).toBeDefined()
    expect(bindings.get("1")).toEqual({
      current: { channel: b.id, used: 1, tokens: 1 },
      home: { channel: a.id, used: 0, tokens: 1 },
    })
    const kept = Array.from({ length: 100 }, (_, n) => `${n}`)
    for (const session of kept) bindings.answered(session, a, 3, 1)
    expect(kept.filter((session) => bindings.get(session)).length).toBeLessThanOrEqual(4)
  })

  test("are remembered at the same cost, however many there are and were", () => {
    const fill = (size: number) => {
      const names = Array.from({ length: size * 3 }, (_, n) => `session ${n}`)
      return () => {
        const bindings = createBindings(size)
        for (const session of names) bindings.answered(session, channels[0]!, 0, 1)
      }
    }
    expect(growthOf(fill, 500)).toBeLessThan(LINEAR)
  })
})
