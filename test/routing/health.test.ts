import { describe, expect, test } from "bun:test"
import { GatewayError, type ErrorKind } from "../../src/core/error.ts"
import { shortening } from "../../src/routing/breaker.ts"
import { deployment, RULES, testClock, testHealth } from "./parts.ts"

function setUp(keys = 1) {
  const clock = testClock()
  const health = testHealth(clock)
  const { channels } = deployment("p/m", { keys, health })
  const fail = (index: number, kind: ErrorKind, retryAfterMs?: number) => {
    health.fail(
      health.begin(channels[index]!),
      new GatewayError(kind, "", retryAfterMs === undefined ? {} : { retryAfterMs }),
    )
  }
  const state = (index = 0) => health.standing(channels[index]!).state
  return { clock, health, channels, fail, state }
}

describe("cooldown of a channel", () => {
  test.each([
    ["upstream-unreachable", RULES.cooldown.network],
    ["upstream-timeout", RULES.cooldown.network],
    ["upstream-error", RULES.cooldown.server],
    ["upstream-rate-limited", RULES.cooldown.rateLimit],
    ["upstream-unauthorized", RULES.cooldown.auth],
    ["upstream-model-missing", RULES.cooldown.missing],
  ] as const)("after %s lasts as configured", (kind, length) => {
    const { clock, fail, state } = setUp()
    fail(0, kind)
    expect(state()).toBe("paused")
    clock.advance(length - 1)
    expect(state()).toBe("paused")
    clock.advance(1)
    expect(state()).toBe("ready")
  })

  test("lasts as long as Retry-After says", () => {
    const { clock, fail, state } = setUp()
    fail(0, "upstream-rate-limited", 1500)
    clock.advance(1499)
    expect(state()).toBe("paused")
    clock.advance(1)
    expect(state()).toBe("ready")
  })

  test("is the channel's own: another key of the deployment goes on", () => {
    const { fail, state } = setUp(2)
    fail(0, "upstream-rate-limited")
    expect(state(0)).toBe("paused")
    expect(state(1)).toBe("ready")
  })

  test("ends with one request trying, and others kept away until it has succeeded", () => {
    const { clock, health, channels, fail, state } = setUp()
    fail(0, "upstream-error")
    clock.advance(RULES.cooldown.server)
    const trial = health.begin(channels[0]!)
    expect(state()).toBe("busy")
    health.succeed(trial)
    expect(state()).toBe("ready")
    health.begin(channels[0]!)
    expect(state()).toBe("ready")
  })

  test("frees the trial when the client of the trying request leaves", () => {
    const { clock, health, channels, fail, state } = setUp()
    fail(0, "upstream-error")
    clock.advance(RULES.cooldown.server)
    health.release(health.begin(channels[0]!))
    expect(state()).toBe("ready")
  })

  test("is not tried out by an attempt that is made in the midst of it", () => {
    const { clock, health, channels, fail, state } = setUp()
    fail(0, "upstream-error")
    clock.advance(RULES.cooldown.server - 1)
    health.begin(channels[0]!)
    clock.advance(1)
    expect(state()).toBe("ready")
    health.begin(channels[0]!)
    expect(state()).toBe("busy")
  })

  test("is still tried out by the first when another attempt beside it is over", () => {
    const { clock, health, channels, fail, state } = setUp()
    fail(0, "upstream-error")
    clock.advance(RULES.cooldown.server)
    health.begin(channels[0]!)
    health.release(health.begin(channels[0]!))
    expect(state()).toBe("busy")
  })

  test("is as long as the provider's own rule says", () => {
    const { clock, health, channels, state } = setUp()
    const rule = { cooldown: "server", cooldownMs: 1234 } as const
    const error = new GatewayError("upstream-error", "", { rule, retryAfterMs: 60_000 })
    health.fail(health.begin(channels[0]!), error)
    clock.advance(1233)
    expect(state()).toBe("paused")
    clock.advance(1)
    expect(state()).toBe("ready")
  })

  test("doubles with each rejection of the key, up to its limit, and starts anew after a success", () => {
    const { clock, health, channels, fail } = setUp()
    const pauses: number[] = []
    for (let i = 0; i < 7; i++) {
      clock.advance(1_000_000)
      fail(0, "upstream-unauthorized")
      pauses.push(channels[0]!.health.pausedUntil - clock.now())
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600].map((seconds) => seconds * 1000))
    clock.advance(1_000_000)
    health.succeed(health.begin(channels[0]!))
    fail(0, "upstream-unauthorized")
    expect(channels[0]!.health.pausedUntil - clock.now()).toBe(30_000)
  })
})

describe("breaker of a deployment", () => {
  test("opens after five failures in a row, over all keys, and not before", () => {
    const { fail, state } = setUp(3)
    for (let i = 0; i < 4; i++) fail(i % 2, "upstream-error")
    expect(state(2)).toBe("ready")
    fail(0, "upstream-error")
    expect(state(2)).toBe("open")
  })

  test("forgets failures when one request succeeds", () => {
    const { health, channels, fail, state } = setUp(2)
    for (let i = 0; i < 4; i++) fail(0, "upstream-error")
    health.succeed(health.begin(channels[0]!))
    for (let i = 0; i < 4; i++) fail(0, "upstream-error")
    expect(state(1)).toBe("ready")
  })

  test("does not count rejected keys, limits and missing models", () => {
    const { fail, state } = setUp(2)
    for (let i = 0; i < 20; i++) {
      fail(0, "upstream-unauthorized")
      fail(0, "upstream-rate-limited")
      fail(0, "upstream-model-missing")
    }
    expect(state(1)).toBe("ready")
  })

  test("lets exactly one probe through when its time is over, and closes when that succeeds", () => {
    const { clock, health, channels, fail, state } = setUp(2)
    for (let i = 0; i < 5; i++) fail(0, "upstream-error")
    clock.advance(RULES.breaker.open)
    expect(state(1)).toBe("ready")
    const trial = health.begin(channels[1]!)
    expect(state(1)).toBe("busy")
    expect(state(0)).toBe("busy")
    health.succeed(trial)
    expect(state(1)).toBe("ready")
  })

  test("opens for up to twice as long when the probe fails, up to its limit", () => {
    const { clock, fail, channels } = setUp()
    for (let i = 0; i < 5; i++) fail(0, "upstream-error")
    const breaker = channels[0]!.deployment.health
    const lengths = [breaker.openUntil - clock.now()]
    for (let i = 0; i < 5; i++) {
      clock.advance(breaker.openUntil - clock.now())
      fail(0, "upstream-error")
      lengths.push(breaker.openUntil - clock.now())
    }
    const whole = [60_000, 120_000, 240_000, 300_000, 300_000]
    const id = breaker.id
    expect(lengths).toEqual([
      30_000,
      ...whole.map((length, n) => Math.round(length * (1 - shortening(id, n + 2)))),
    ])
  })

  test("is not prolonged by failures of requests that were already under way", () => {
    const { clock, health, fail, channels } = setUp()
    const early = health.begin(channels[0]!)
    clock.advance(1)
    for (let i = 0; i < 5; i++) fail(0, "upstream-error")
    const until = channels[0]!.deployment.health.openUntil
    clock.advance(RULES.breaker.open + 1)
    health.fail(early, new GatewayError("upstream-error", ""))
    expect(channels[0]!.deployment.health.openUntil).toBe(until)
  })

  test("lets another probe through when one takes long", () => {
    const { clock, health, channels, fail, state } = setUp()
    for (let i = 0; i < 5; i++) fail(0, "upstream-error")
    clock.advance(RULES.breaker.open)
    health.begin(channels[0]!)
    expect(state()).toBe("busy")
    clock.advance(5000)
    expect(state()).toBe("ready")
  })

  test("counts streams that break off, however well they began", () => {
    const { health, channels, state } = setUp(2)
    for (let i = 0; i < 5; i++) {
      const trial = health.begin(channels[0]!)
      health.answered(trial)
      health.fail(trial, new GatewayError("upstream-truncated", ""))
    }
    expect(state(1)).toBe("open")
  })
})

describe("an attempt that began before the last news", () => {
  test("does not end a pause by succeeding", () => {
    const { clock, health, channels, fail, state } = setUp()
    const early = health.begin(channels[0]!)
    clock.advance(1)
    fail(0, "upstream-rate-limited", 60_000)
    health.succeed(early)
    expect(state()).toBe("paused")
  })

  test("does not close a breaker by succeeding", () => {
    const { clock, health, channels, fail, state } = setUp(2)
    const early = health.begin(channels[1]!)
    clock.advance(1)
    for (let i = 0; i < 5; i++) fail(0, "upstream-error")
    health.succeed(early)
    expect(state(1)).toBe("open")
  })

  test("does not shorten a pause by failing otherwise", () => {
    const { channels, fail } = setUp()
    fail(0, "upstream-rate-limited", 300_000)
    const until = channels[0]!.health.pausedUntil
    fail(0, "upstream-error")
    expect(channels[0]!.health).toMatchObject({ pausedUntil: until, reason: "rate-limit" })
  })

  test("does not end another's trial by leaving", () => {
    const { clock, health, channels, fail, state } = setUp()
    const early = health.begin(channels[0]!)
    clock.advance(1)
    fail(0, "upstream-error")
    clock.advance(RULES.cooldown.server)
    health.begin(channels[0]!)
    health.release(early)
    expect(state()).toBe("busy")
  })

  test("is one rejection of a key, with all that ran beside it", () => {
    const { clock, health, channels } = setUp()
    const together = Array.from({ length: 50 }, () => health.begin(channels[0]!))
    clock.advance(1)
    for (const trial of together) health.fail(trial, new GatewayError("upstream-unauthorized", ""))
    expect(channels[0]!.health.rejections).toBe(1)
  })
})

test("the end of a rate limit is no trial: everybody may go on at once", () => {
  const { clock, health, channels, fail, state } = setUp()
  fail(0, "upstream-rate-limited", 1000)
  clock.advance(1000)
  health.begin(channels[0]!)
  expect(state()).toBe("ready")
})
