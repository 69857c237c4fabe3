import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { Group, Strategy } from "../../src/core/routing.ts"
import type { Health } from "../../src/routing/health.ts"
import { deployment, group, testClock, testHealth } from "./parts.ts"

const HOUR = 3_600_000

/** A strategy that remembers channels. */
function remembering(name: string): Strategy<Set<string>> {
  return {
    name,
    description: "",
    scope: "channel",
    createMemory: () => new Set(),
    scorer: () => () => 0,
    keep(memory, { channels }) {
      const left = new Set(channels.map(({ id }) => id))
      for (const id of memory) if (!left.has(id)) memory.delete(id)
    },
  }
}

function setUp() {
  const clock = testClock()
  const health = testHealth(clock)
  const make = (name: string, ids: string[], strategy: Strategy = remembering("s")): Group =>
    group(
      name,
      ids.map((id) => deployment(id, { health })),
      { strategy },
    )
  return { clock, health, make }
}

function breakDown(health: Health, { channels }: Group): void {
  for (let i = 0; i < 5; i++) {
    health.fail(health.begin(channels[0]!), new GatewayError("upstream-error", ""))
  }
}

describe("a reload", () => {
  test("keeps what is known of channels that stay", () => {
    const { health, make } = setUp()
    const before = make("g", ["p/a"])
    breakDown(health, before)
    const after = make("g", ["p/a", "p/b"])
    health.keep([after])
    expect(after.channels[0]!.health).toBe(before.channels[0]!.health)
    expect(health.standing(after.channels[0]!).state).toBe("open")
  })

  test("keeps what is known of channels that come back within an hour", () => {
    const { clock, health, make } = setUp()
    const before = make("g", ["p/a"])
    breakDown(health, before)
    health.keep([make("g", ["p/b"])])
    clock.advance(HOUR - 1)
    health.keep([make("g", ["p/b"])])
    expect(make("g", ["p/a"]).channels[0]!.health).toBe(before.channels[0]!.health)
  })

  test("forgets channels that are gone for longer, but none with a request under way", () => {
    const { clock, health, make } = setUp()
    const before = make("g", ["p/a", "p/b"])
    breakDown(health, before)
    const trial = health.begin(before.channels[1]!)
    clock.advance(HOUR)
    health.keep([])
    const after = make("g", ["p/a", "p/b"])
    expect(after.deployments[0]!.health).not.toBe(before.deployments[0]!.health)
    expect(health.standing(after.channels[0]!).state).toBe("ready")
    expect(after.channels[1]!.health).toBe(before.channels[1]!.health)
    health.release(trial)
  })

  test("leaves no more behind than is configured, however often everything changes", () => {
    const { clock, health, make } = setUp()
    const first = make("g0", ["p/0"])
    const strategy = remembering("s")
    health.memory("g0", strategy).add("p/0#0")
    for (let n = 1; n < 100; n++) {
      const next = make(`g${n}`, [`p/${n}`])
      health.memory(`g${n}`, strategy).add(`p/${n}#0`)
      health.keep([next])
      clock.advance(HOUR)
    }
    health.keep([])
    expect(make("g0", ["p/0"]).channels[0]!.health).not.toBe(first.channels[0]!.health)
    expect(health.memory("g0", strategy).size).toBe(0)
    expect(health.memory("g99", strategy).size).toBe(0)
  })

  test("keeps a strategy's memory of a group that stays, without the channels that are gone", () => {
    const { health, make } = setUp()
    const strategy = remembering("s")
    const memory = health.memory("g", strategy)
    memory.add("p/a#0").add("p/b#0")
    health.memory("gone", strategy).add("p/a#0")
    health.memory("g", remembering("earlier")).add("p/a#0")
    health.keep([make("g", ["p/b"], strategy)])
    expect(health.memory("g", strategy)).toBe(memory)
    expect([...memory]).toEqual(["p/b#0"])
    expect(health.memory("gone", strategy).size).toBe(0)
    expect(health.memory("g", remembering("earlier")).size).toBe(0)
  })
})

test("what is forgotten begins anew, and what is under way still ends", () => {
  const { health, make } = setUp()
  const before = make("g", ["p/a"])
  const trial = health.begin(before.channels[0]!)
  breakDown(health, before)
  health.forget(before.channels)
  const after = make("g", ["p/a"])
  expect(health.standing(after.channels[0]!).state).toBe("ready")
  health.fail(trial, new GatewayError("upstream-error", ""))
  expect(health.standing(after.channels[0]!).state).toBe("ready")
  expect(after.deployments[0]!.health.traffic.inFlight).toBe(0)
})
