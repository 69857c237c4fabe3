import { describe, expect, test } from "bun:test"
import type { Trial } from "../../src/routing/health.ts"
import type { StrategyName } from "../../src/routing/strategies/index.ts"
import { asker, counted, inOrder } from "./asker.ts"
import { deployment, type DeploymentOptions } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** Tokens that every request here is expected to use, and uses. */
const TOKENS = 600

function setUp(strategy: StrategyName, options: DeploymentOptions[]) {
  const made = asker({
    strategy,
    random: seeded(3),
    deployments: (health) => options.map((each, i) => deployment(`p/${i}`, { health, ...each })),
  })
  const { health, pick } = made
  const begin = (): Trial => health.begin(pick({ inputTokens: 100 }).channel, TOKENS)
  const finish = (trial: Trial) =>
    health.succeed(trial, { duration: 100, stream: false, input: 100, output: TOKENS - 100 })
  /** Requests one after another. @returns where they went */
  const serial = (count: number) =>
    Array.from({ length: count }, () => {
      const trial = begin()
      finish(trial)
      return trial.channel.id
    })
  /** Requests all at once. */
  const burst = (count: number) => Array.from({ length: count }, begin)
  const first = () => inOrder(made.ask())[0]!.channel.id
  return { ...made, finish, serial, burst, first }
}

const places = (trials: Trial[]) => counted(trials.map(({ channel }) => channel.id))

describe("least-busy", () => {
  test("spreads a burst evenly, over keys too", () => {
    const { burst } = setUp("least-busy", [{ keys: 3 }, {}])
    expect(places(burst(40))).toEqual({ "p/0#0": 10, "p/0#1": 10, "p/0#2": 10, "p/1#0": 10 })
  })

  test("spreads it by weight", () => {
    const { burst } = setUp("least-busy", [{ weight: 3 }, { weight: 1 }, { weight: 0 }])
    expect(places(burst(40))).toEqual({ "p/0#0": 30, "p/1#0": 10 })
  })

  test("prefers those that have finished to those that have not", () => {
    const { burst, finish, first } = setUp("least-busy", [{}, {}, {}])
    const trials = burst(3)
    const done = trials[1]!
    finish(done)
    expect(first()).toBe(done.channel.id)
  })

  test("draws among those that are equally busy", () => {
    const counts = counted(setUp("least-busy", [{}, {}, { weight: 2 }]).serial(20_000))
    expect(counts["p/0#0"]! / 20_000).toBeCloseTo(0.25, 1)
    expect(counts["p/2#0"]! / 20_000).toBeCloseTo(0.5, 1)
  })
})

describe("least-usage", () => {
  test("levels the tokens of all keys, ties in config order", () => {
    const { serial } = setUp("least-usage", [{ keys: 2 }, {}])
    const order = ["p/0#0", "p/0#1", "p/1#0"]
    expect(serial(9)).toEqual([...order, ...order, ...order])
  })

  test("gives twice the weight half of the tokens", () => {
    const counts = counted(setUp("least-usage", [{ weight: 1 }, { weight: 2 }]).serial(300))
    expect(counts).toEqual({ "p/0#0": 200, "p/1#0": 100 })
  })

  test("gives everything to the first key of the first deployment with weight 0", () => {
    const { serial } = setUp("least-usage", [{ weight: 1 }, { weight: 0, keys: 2 }, { weight: 0 }])
    expect(counted(serial(20))).toEqual({ "p/1#0": 20 })
  })

  test("counts what is in flight, so that a burst spreads", () => {
    expect(places(setUp("least-usage", [{}, {}, {}]).burst(30))).toEqual({
      "p/0#0": 10,
      "p/1#0": 10,
      "p/2#0": 10,
    })
  })

  test("forgets, so that a new channel is not flooded until it has caught up", () => {
    const old = setUp("least-usage", [{}, {}])
    const away = { reason: "rate-limit", pausedUntil: Number.POSITIVE_INFINITY } as const
    const newcomer = old.group.channels[1]!
    Object.assign(newcomer.health, away)
    old.serial(1000)
    Object.assign(newcomer.health, { reason: undefined, pausedUntil: 0 })
    old.clock.advance(3_600_000)
    const counts = counted(old.serial(20))
    expect(Math.abs(counts["p/0#0"]! - counts["p/1#0"]!)).toBeLessThanOrEqual(1)
  })
})

describe("lowest-tpm-rpm", () => {
  test("uses up the limits of requests at the same rate", () => {
    const limits = [{ rpm: 100 }, { rpm: 300 }, { rpm: 50 }]
    const counts = counted(
      setUp(
        "lowest-tpm-rpm",
        limits.map((limits) => ({ limits })),
      ).serial(225),
    )
    expect(counts).toEqual({ "p/0#0": 50, "p/1#0": 150, "p/2#0": 25 })
  })

  test("goes by the limit that is nearer: tokens or requests", () => {
    const options = [{ limits: { rpm: 1000, tpm: 10 * TOKENS } }, { limits: { rpm: 30 } }]
    const counts = counted(setUp("lowest-tpm-rpm", options).serial(40))
    expect(counts).toEqual({ "p/0#0": 10, "p/1#0": 30 })
  })

  test("goes by what an upstream's headers told of a key, until its time is over", () => {
    const { health, clock, group, first } = setUp("lowest-tpm-rpm", [{ keys: 2 }])
    const tell = (index: number, remaining: number) =>
      health.tell(group.channels[index]!, {
        requests: { limit: 100, remaining, resetAt: clock.now() + 1000 },
      })
    tell(0, 20)
    tell(1, 60)
    expect(first()).toBe("p/0#1")
    clock.advance(1000)
    expect(first()).toBe("p/0#0")
  })

  test("puts the request last where it does not fit any more", () => {
    const { ask } = setUp("lowest-tpm-rpm", [
      { limits: { tpm: 1000 } },
      { limits: { rpm: 1 } },
      { limits: { tpm: 100_000 } },
    ])
    const order = inOrder(ask({ inputTokens: 2000, maxTokens: 10 }))
    expect(order.map(({ channel, score }) => [channel.id, score > 1])).toEqual([
      ["p/2#0", false],
      ["p/1#0", false],
      ["p/0#0", true],
    ])
  })

  test("levels the tokens of those without a limit, over their keys too, and takes them first", () => {
    const { serial } = setUp("lowest-tpm-rpm", [{ limits: { rpm: 1000 } }, { keys: 2 }, {}])
    expect(counted(serial(30))).toEqual({ "p/1#0": 10, "p/1#1": 10, "p/2#0": 10 })
  })

  test("spreads what has the same limit over the keys", () => {
    const { serial } = setUp("lowest-tpm-rpm", [{ keys: 3, limits: { rpm: 100 } }])
    expect(counted(serial(30))).toEqual({ "p/0#0": 10, "p/0#1": 10, "p/0#2": 10 })
  })

  test("uses weight 0 only when nothing else is left", () => {
    const { serial } = setUp("lowest-tpm-rpm", [{ weight: 0 }, { limits: { rpm: 1 } }])
    expect(counted(serial(10))).toEqual({ "p/1#0": 10 })
  })
})
