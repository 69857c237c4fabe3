import { describe, expect, test } from "bun:test"
import { heapStats } from "bun:jsc"
import { type ErrorKind, GatewayError } from "../../src/core/error.ts"
import type { Measured } from "../../src/core/traffic.ts"
import { deployment, testClock, testHealth } from "./parts.ts"

function setUp() {
  const clock = testClock()
  const health = testHealth(clock)
  const { channels, health: state } = deployment("p/m", { keys: 2, health })
  const [channel] = channels
  const traffics = [channel!.health.traffic, state.traffic]
  const tokens = () => traffics.map((traffic) => traffic.tokens(clock.now()))
  const error = (kind: ErrorKind) => new GatewayError(kind, "")
  return { clock, health, channel: channel!, other: channels[1]!, state, traffics, tokens, error }
}

const measured = (input: number, output: number): Measured => ({
  duration: 2000,
  stream: true,
  input,
  output,
})

describe("an attempt's expected tokens", () => {
  test("count for its channel and deployment, and not for other keys", () => {
    const { clock, health, channel, other, tokens } = setUp()
    health.begin(channel, 700)
    expect(tokens()).toEqual([700, 700])
    expect(other.health.traffic.tokens(clock.now())).toBe(0)
  })

  test("give way to those that were used, more or less", () => {
    const { health, channel, tokens } = setUp()
    health.succeed(health.begin(channel, 700), measured(100, 50))
    health.succeed(health.begin(channel, 700), measured(800, 200))
    expect(tokens()).toEqual([1150, 1150])
  })

  test("stay when the upstream did not say what was used", () => {
    const { health, channel, tokens } = setUp()
    health.succeed(health.begin(channel, 700), { duration: 100, stream: false })
    expect(tokens()).toEqual([700, 700])
  })

  test.each([
    "upstream-error",
    "upstream-rate-limited",
    "upstream-unauthorized",
    "upstream-unreachable",
  ] as const)("are given back after %s without content", (kind) => {
    const { health, channel, tokens, error } = setUp()
    health.fail(health.begin(channel, 700), error(kind))
    expect(tokens()).toEqual([0, 0])
  })

  test("stay when a stream breaks off, unless it said what was used", () => {
    const { health, channel, tokens, error } = setUp()
    const broken = health.begin(channel, 700)
    health.answered(broken)
    health.fail(broken, error("upstream-truncated"))
    expect(tokens()).toEqual([700, 700])
    const known = health.begin(channel, 700)
    health.answered(known)
    health.fail(known, error("upstream-truncated"), measured(100, 10))
    expect(tokens()).toEqual([810, 810])
  })

  test("stay when the upstream was too slow: it may have worked all the time", () => {
    const { health, channel, tokens, error } = setUp()
    health.fail(health.begin(channel, 700), error("upstream-timeout"))
    expect(tokens()).toEqual([700, 700])
  })

  test("are given back when the client left before any content, and stay when it left later", () => {
    const { health, channel, tokens } = setUp()
    health.release(health.begin(channel, 700))
    expect(tokens()).toEqual([0, 0])
    const late = health.begin(channel, 700)
    health.answered(late)
    health.release(late)
    expect(tokens()).toEqual([700, 700])
  })

  test("that are no number are none", () => {
    const { health, channel, tokens } = setUp()
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -5]) health.begin(channel, odd)
    expect(tokens()).toEqual([0, 0])
  })
})

describe("a stream", () => {
  test("is sampled at its first content and at its end", () => {
    const { clock, health, channel, traffics } = setUp()
    const trial = health.begin(channel)
    clock.advance(400)
    health.answered(trial)
    clock.advance(1600)
    health.answered(trial)
    health.succeed(trial, measured(100, 50))
    for (const { ttft, perToken, output, success } of traffics) {
      expect([ttft.value, perToken.value, output.value, success.value]).toEqual([400, 32, 50, 1])
    }
  })

  test("has succeeded only at its end, and works from its first content", () => {
    const { clock, health, channel, traffics, error } = setUp()
    health.fail(health.begin(channel), error("upstream-error"))
    clock.advance(30_000)
    const trial = health.begin(channel)
    health.answered(trial)
    expect(channel.health.reason).toBeUndefined()
    expect(traffics[0]!.success.value).toBe(0)
  })
})

test("a trial ends once, whatever is said of it afterwards", () => {
  const { clock, health, channel, state, traffics, tokens, error } = setUp()
  const trial = health.begin(channel, 500)
  health.begin(channel, 10)
  health.succeed(trial, measured(100, 100))
  health.release(trial)
  health.succeed(trial, measured(1000, 1000))
  for (let i = 0; i < 20; i++) health.fail(trial, error("upstream-error"))
  health.answered(trial)
  expect(traffics.map(({ inFlight }) => inFlight)).toEqual([1, 1])
  expect(tokens()).toEqual([210, 210])
  expect([state.failures, state.opened, channel.health.reason]).toEqual([0, 0, undefined])
  expect(traffics[0]!.ttft.value).toBeNaN()
  expect(traffics[0]!.requests(clock.now())).toBe(2)
})

test("a limit says nothing against the success of its upstream", () => {
  const { health, channel, traffics, error } = setUp()
  health.fail(health.begin(channel), error("upstream-rate-limited"))
  expect(traffics[0]!.success.value).toBeNaN()
  health.fail(health.begin(channel), error("upstream-error"))
  expect(traffics[0]!.success.value).toBe(0)
})

test("told limits are those of the key, not of the deployment", () => {
  const { clock, health, channel, other, state } = setUp()
  const requests = { limit: 10, remaining: 5, resetAt: clock.now() + 1000 }
  health.tell(channel, { requests })
  expect(channel.health.traffic.told.requests).toMatchObject(requests)
  expect(other.health.traffic.told.requests).toBeUndefined()
  expect(state.traffic.told.requests).toBeUndefined()
})

test("the figures of a thousand deployments with four keys each fit into 20 MB", () => {
  const heap = () => {
    Bun.gc(true)
    const { heapSize, extraMemorySize } = heapStats()
    return heapSize + extraMemorySize
  }
  const clock = testClock()
  const health = testHealth(clock)
  const told = { limit: 10, remaining: 5, resetAt: clock.now() + 1000 }
  const before = heap()
  for (let n = 0; n < 1000; n++) {
    const { channels } = deployment(`p/${n}`, { keys: 4, health })
    for (const channel of channels) {
      const trial = health.begin(channel, 100)
      health.answered(trial)
      health.tell(channel, { requests: told, tokens: told })
      health.succeed(trial, measured(100, 50))
    }
  }
  const used = heap() - before
  expect(used).toBeGreaterThan(2_000_000)
  expect(used).toBeLessThan(20_000_000)
  expect(health.channel("p/7#3").traffic.output.value).toBe(50)
})
