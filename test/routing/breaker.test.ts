import { describe, expect, test } from "bun:test"
import { type ErrorKind, GatewayError } from "../../src/core/error.ts"
import type { BreakerSettings } from "../../src/core/settings.ts"
import { shortening } from "../../src/routing/breaker.ts"
import { createHealth, type Trial } from "../../src/routing/health.ts"
import { deployment, RULES, testClock } from "./parts.ts"

const BREAKER: BreakerSettings = {
  failures: 5,
  rate: 0.5,
  window: 30_000,
  minimum: 20,
  recovery: 30_000,
  open: 30_000,
  maxOpen: 300_000,
}
/** Channels go on at once: what is tested is the breaker alone. */
const NO_COOLDOWN = { ...RULES.cooldown, server: 0, network: 0 }

function setUp(settings: Partial<BreakerSettings> = {}) {
  const clock = testClock()
  const rules = () => ({ cooldown: NO_COOLDOWN, breaker: { ...BREAKER, ...settings } })
  const health = createHealth(clock, rules)
  // A key that has never failed says how the deployment itself stands.
  const { channels, health: state } = deployment("p/m", { keys: 2, health })
  const begin = () => health.begin(channels[0]!)
  const fail = (trial: Trial = begin(), kind: ErrorKind = "upstream-error") =>
    health.fail(trial, new GatewayError(kind, ""))
  const succeed = (trial: Trial = begin()) => health.succeed(trial)
  const standing = () => health.standing(channels[1]!)
  const open = () => {
    for (let i = 0; i < 5; i++) fail()
  }
  /** Opens, waits and closes. */
  const recover = () => {
    open()
    clock.advance(state.openUntil - clock.now())
    succeed()
  }
  return { clock, health, channels, state, begin, fail, succeed, standing, open, recover }
}

/** The length of its opening of that number, shortened as it is. */
const varied = (length: number, times: number) =>
  Math.round(length * (1 - shortening("p/m", times)))

describe("failure rate", () => {
  test("opens it when half of twenty attempts have failed, however they are mixed", () => {
    const { fail, succeed, standing } = setUp()
    for (let i = 0; i < 9; i++) {
      fail()
      succeed()
    }
    succeed()
    expect(standing().state).toBe("ready")
    fail()
    expect(standing().state).toBe("open")
  })

  test("says nothing of fewer attempts, nor of fewer failures", () => {
    const few = setUp()
    for (let i = 0; i < 9; i++) {
      few.succeed()
      few.fail()
    }
    expect(few.standing().state).toBe("ready")
    const good = setUp()
    for (let i = 0; i < 200; i++) {
      good.succeed()
      good.succeed()
      good.fail()
    }
    expect(good.standing().state).toBe("ready")
  })

  test("forgets what is older than its window", () => {
    const { clock, fail, succeed, standing } = setUp({ failures: 0 })
    for (let i = 0; i < 19; i++) fail()
    clock.advance(33_001)
    for (let i = 0; i < 11; i++) succeed()
    for (let i = 0; i < 10; i++) fail()
    expect(standing().state).toBe("ready")
    fail()
    expect(standing().state).toBe("open")
  })

  test("looks back all of its window, also from the middle of a tenth", () => {
    const { clock, fail, standing } = setUp({ failures: 0 })
    clock.advance(2999)
    for (let i = 0; i < 19; i++) fail()
    clock.advance(30_000)
    fail()
    expect(standing().state).toBe("open")
  })

  test("is counted anew when a reload changes its window", () => {
    const settings = { failures: 0, window: 1000 }
    const { clock, fail, standing } = setUp(settings)
    for (let i = 0; i < 19; i++) fail()
    settings.window = 60_000
    fail()
    expect(standing().state).toBe("ready")
    clock.advance(50_000)
    for (let i = 0; i < 18; i++) fail()
    expect(standing().state).toBe("ready")
    fail()
    expect(standing().state).toBe("open")
  })

  test("is not counted where it is set to 0", () => {
    const { fail, succeed, standing } = setUp({ rate: 0 })
    for (let i = 0; i < 100; i++) {
      succeed()
      for (let n = 0; n < 4; n++) fail()
    }
    expect(standing().state).toBe("ready")
  })
})

describe("recovery", () => {
  test("grows from a tenth of the traffic to all of it", () => {
    const { clock, recover, standing } = setUp()
    recover()
    const shares: number[] = []
    for (let second = 0; second <= 30; second += 10) {
      const now = standing()
      shares.push(now.state === "ready" ? now.share : Number.NaN)
      clock.advance(10_000)
    }
    expect(shares.map((share) => share.toFixed(2))).toEqual(["0.10", "0.40", "0.70", "1.00"])
    expect(standing()).toEqual({ state: "ready", until: 0, share: 1 })
  })

  test("is no matter of shares where it takes no time", () => {
    const { recover, standing } = setUp({ recovery: 0 })
    recover()
    expect(standing()).toEqual({ state: "ready", until: 0, share: 1 })
  })

  test("that fails opens it at once and for twice as long", () => {
    const { clock, state, recover, fail, standing } = setUp()
    recover()
    clock.advance(100)
    fail()
    expect(standing()).toEqual({ state: "open", until: clock.now() + varied(60_000, 2) })
    expect(state.opened).toBe(1)
  })

  test("does not fail by one failure among many successes", () => {
    const { clock, recover, succeed, fail, standing } = setUp()
    recover()
    for (let i = 0; i < 100; i++) succeed()
    clock.advance(100)
    fail()
    expect(standing().state).toBe("ready")
  })

  test("does not fail by requests that were under way before it", () => {
    const { clock, open, state, begin, succeed, fail, standing } = setUp()
    open()
    const during = begin()
    clock.advance(state.openUntil - clock.now())
    succeed()
    fail(during)
    expect(standing().state).toBe("ready")
  })

  test("that was complete makes the next opening a first one", () => {
    const { clock, recover, succeed, open, standing } = setUp()
    recover()
    clock.advance(30_000)
    succeed()
    open()
    expect(standing()).toEqual({ state: "open", until: clock.now() + 30_000 })
  })
})

describe("probes", () => {
  test("are one of a thousand requests that come at the same instant", () => {
    const { clock, health, channels, state, open, begin } = setUp()
    open()
    clock.advance(state.openUntil - clock.now())
    let through = 0
    for (let i = 0; i < 1000; i++) {
      if (health.standing(channels[1]!).state !== "ready") continue
      through++
      begin()
    }
    expect(through).toBe(1)
  })

  test("that fail late open it again, though later ones are under way", () => {
    const { clock, state, open, begin, fail, standing } = setUp()
    open()
    clock.advance(30_000)
    const hanging = begin()
    clock.advance(5000)
    const second = begin()
    clock.advance(4999)
    expect(standing().state).toBe("busy")
    fail(hanging, "upstream-timeout")
    expect(standing()).toEqual({ state: "open", until: clock.now() + varied(60_000, 2) })
    const until = state.openUntil
    clock.advance(10)
    fail(second, "upstream-timeout")
    expect(state.openUntil).toBe(until)
  })

  test("that succeed close it, also when an earlier one has failed meanwhile", () => {
    const { clock, open, begin, fail, succeed, standing } = setUp()
    open()
    clock.advance(30_000)
    const hanging = begin()
    clock.advance(5000)
    const second = begin()
    fail(hanging, "upstream-timeout")
    succeed(second)
    expect(standing().state).toBe("ready")
  })

  test("do not close it when a later one has failed", () => {
    const { clock, open, begin, fail, succeed, standing } = setUp()
    open()
    clock.advance(30_000)
    const hanging = begin()
    clock.advance(5000)
    fail()
    succeed(hanging)
    expect(standing().state).toBe("open")
  })

  test("end without a word when they only met a limit", () => {
    const { clock, state, open, begin, fail, standing } = setUp()
    open()
    clock.advance(30_000)
    fail(begin(), "upstream-rate-limited")
    expect(standing().state).toBe("ready")
    expect(state.opened).toBe(1)
  })
})

describe("an attempt that is made although it is open", () => {
  test("does not make it worse by failing", () => {
    const { clock, state, open, fail } = setUp()
    open()
    const until = state.openUntil
    clock.advance(1000)
    for (let i = 0; i < 50; i++) fail()
    expect([state.openUntil, state.opened]).toEqual([until, 1])
  })

  test("closes it by succeeding", () => {
    const { clock, open, succeed, standing } = setUp()
    open()
    clock.advance(1000)
    succeed()
    expect(standing()).toMatchObject({ state: "ready", share: 0.1 })
  })
})

describe("learned recovery time", () => {
  /** An upstream that is down for `outage` ms again and again, asked each 100 ms. @returns openings of each outage */
  function outages(outage: number, count: number, pause = 600_000) {
    const { clock, health, channels, state } = setUp()
    const openings: number[][] = []
    for (let n = 0; n < count; n++) {
      const began = clock.now()
      const lengths: number[] = []
      let seen = state.openedAt
      for (; clock.now() < began + outage + pause; clock.advance(100)) {
        const standing = health.standing(channels[1]!)
        if (standing.state !== "ready") continue
        const trial = health.begin(channels[0]!)
        if (clock.now() >= began + outage) health.succeed(trial)
        else health.fail(trial, new GatewayError("upstream-error", ""))
        if (state.openedAt !== seen) lengths.push(state.openUntil - state.openedAt)
        seen = state.openedAt
      }
      openings.push(lengths)
    }
    return { openings, recovery: state.recovery }
  }

  test("is not known before the first outage is over", () => {
    const { clock, state, open, succeed } = setUp()
    expect(state.recovery).toBeNaN()
    open()
    clock.advance(30_000)
    succeed()
    expect(state.recovery).toBeNaN()
    clock.advance(30_000)
    succeed()
    expect(state.recovery).toBe(15_000)
  })

  test("of short outages makes it stay open for less, and the estimate comes near the truth", () => {
    const { openings, recovery } = outages(5000, 12)
    expect(openings[0]).toEqual([30_000])
    const total = openings.at(-1)!.reduce((sum, length) => sum + length, 0)
    expect(total).toBeLessThan(15_000)
    expect(total).toBeGreaterThan(4500)
    expect(recovery).toBeGreaterThan(2500)
    expect(recovery).toBeLessThan(10_000)
  })

  test("of long outages spares probes", () => {
    const { openings, recovery } = outages(600_000, 4, 900_000)
    expect(openings[0]!.length).toBeGreaterThan(openings.at(-1)!.length)
    expect(Math.max(...openings.flat())).toBeLessThanOrEqual(300_000)
    expect(Math.max(...openings.flat())).toBeGreaterThan(240_000)
    expect(recovery).toBeGreaterThan(500_000)
    expect(recovery).toBeLessThan(900_000)
  })

  test("gains a flapping upstream nothing", () => {
    const { openings } = outages(5000, 6, 60_000)
    for (const [first] of openings) expect(first).toBe(30_000)
  })

  test("leaves out the hours in which nobody asked", () => {
    const { clock, state, open, succeed } = setUp()
    open()
    clock.advance(7_200_000)
    succeed()
    clock.advance(30_000)
    succeed()
    expect(state.recovery).toBe(15_000)
  })
})
