import { describe, expect, test } from "bun:test"
import type { Clock } from "../../src/core/clock.ts"
import { type ErrorKind, GatewayError } from "../../src/core/error.ts"
import type { Channel, Group } from "../../src/core/routing.ts"
import type { Health } from "../../src/routing/health.ts"
import { createRetryBudget } from "../../src/routing/retry-budget.ts"
import { strategies } from "../../src/routing/strategies/index.ts"
import { createWalk, type Step, type Walk, type WalkOptions } from "../../src/routing/walk.ts"
import { deployment, group, request, table, testClock, testHealth } from "./parts.ts"

function setUp() {
  const clock = testClock()
  const health = testHealth(clock)
  return {
    clock,
    health,
    make: (id: string, keys = 1) => deployment(id, { keys, health }),
    /** Walks to the end; every attempt fails as `outcome` says. @returns the channels in order */
    walk: (groups: Group[], outcome: (channel: Channel) => ErrorKind, pinned?: Channel) =>
      walkAll(clock, health, groups, outcome, pinned),
  }
}

function open(clock: Clock, health: Health, groups: Group[], pinned?: Channel, random = 0.5): Walk {
  return createWalk(options(clock, health, groups, pinned, random))
}

function options(
  clock: Clock,
  health: Health,
  groups: Group[],
  pinned?: Channel,
  random = 0.5,
): WalkOptions {
  return {
    resolution: { group: groups[0]!, ...(pinned && { pinned }) },
    table: table(groups),
    health,
    clock,
    budget: createRetryBudget({ share: 1, least: 100 }),
    random: () => random,
    request: request(),
    filters: [],
    refuses: () => undefined,
  }
}

/** Makes a step, which fails. */
function fail(walk: Walk, health: Health, step: Step, error: GatewayError): boolean {
  health.fail(walk.begin(step), error)
  return walk.failed(step, error)
}

function walkAll(
  clock: ReturnType<typeof testClock>,
  health: Health,
  groups: Group[],
  outcome: (channel: Channel) => ErrorKind,
  pinned?: Channel,
): string[] {
  const walk = open(clock, health, groups, pinned)
  const order: string[] = []
  for (let step = walk.next(); step && order.length < 100; step = walk.next()) {
    clock.advance(step.wait)
    order.push(step.channel.id)
    if (!fail(walk, health, step, new GatewayError(outcome(step.channel), ""))) break
  }
  return order
}

describe("createWalk", () => {
  test("goes to the next key after a rejected or limited key, then to the next deployment", () => {
    const { make, walk } = setUp()
    const a = make("p/a", 2)
    const b = make("p/b")
    const kinds: Record<string, ErrorKind> = {
      "p/a#0": "upstream-unauthorized",
      "p/a#1": "upstream-rate-limited",
      "p/b#0": "upstream-model-missing",
    }
    const order = walk([group("g", [a, b])], ({ id }) => kinds[id]!)
    expect(order).toEqual(["p/a#0", "p/a#1", "p/b#0"])
  })

  test("leaves a failing deployment's other keys for later", () => {
    const { make, walk } = setUp()
    const order = walk(
      [group("g", [make("p/a", 3), make("p/b")], { retries: { attempts: 0 } })],
      () => "upstream-error",
    )
    expect(order).toEqual(["p/a#0", "p/b#0", "p/a#1", "p/a#2"])
  })

  test("finds the one healthy channel among twenty dead keys", () => {
    const { make, walk } = setUp()
    const dead = make("p/dead", 20)
    const order = walk([group("g", [dead, make("p/alive")])], () => "upstream-unauthorized")
    expect(order).toHaveLength(21)
    expect(order.at(-1)).toBe("p/alive#0")
  })

  test("goes through fallback groups in order, each once, also when they name each other", () => {
    const { make, walk } = setUp()
    const groups = [
      group("one", [make("p/a")], { fallbacks: ["two", "three"], retries: { attempts: 0 } }),
      group("two", [make("p/b")], { fallbacks: ["three", "one"] }),
      group("three", [make("p/c")]),
    ]
    expect(walk(groups, () => "upstream-unauthorized")).toEqual(["p/a#0", "p/b#0", "p/c#0"])
  })

  test("tries the same channel again, up to `retries.attempts` beyond the first", () => {
    const { make, walk } = setUp()
    const order = walk(
      [group("g", [make("p/a")], { retries: { attempts: 2 } })],
      () => "upstream-error",
    )
    expect(order).toEqual(["p/a#0", "p/a#0", "p/a#0"])
  })

  test("does not try a rejected key, a limited one or a missing model again", () => {
    for (const kind of [
      "upstream-unauthorized",
      "upstream-rate-limited",
      "upstream-model-missing",
    ] as const) {
      const { make, walk } = setUp()
      expect(walk([group("g", [make("p/a")])], () => kind)).toEqual(["p/a#0"])
    }
  })

  test("stops trying again when the breaker has opened", () => {
    const { make, walk } = setUp()
    const order = walk(
      [group("g", [make("p/a")], { retries: { attempts: 50 } })],
      () => "upstream-error",
    )
    expect(order).toHaveLength(5)
  })

  test("makes one attempt and no more when everything is resting", () => {
    const { clock, health, make, walk } = setUp()
    const a = make("p/a")
    const b = make("p/b")
    const fail = (channel: Channel) =>
      health.fail(health.begin(channel), new GatewayError("upstream-error", ""))
    fail(a.channels[0]!)
    clock.advance(10)
    fail(b.channels[0]!)
    expect(walk([group("g", [b, a])], () => "upstream-error")).toEqual(["p/a#0"])
  })

  test("makes no attempt where every channel is limited or rejected, or lacks the model", () => {
    const { health, make, walk } = setUp()
    const kinds = [
      "upstream-rate-limited",
      "upstream-unauthorized",
      "upstream-model-missing",
    ] as const
    const made = kinds.map((kind) => {
      const each = make(`p/${kind}`)
      health.fail(health.begin(each.channels[0]!), new GatewayError(kind, ""))
      return each
    })
    expect(walk([group("g", made)], () => "upstream-error")).toEqual([])
  })

  test("tries a channel behind an open breaker, once, when nothing else is there", () => {
    const { health, make, walk } = setUp()
    const limited = make("p/a")
    const broken = make("p/b")
    health.fail(health.begin(limited.channels[0]!), new GatewayError("upstream-rate-limited", ""))
    for (let i = 0; i < 5; i++) {
      health.fail(health.begin(broken.channels[0]!), new GatewayError("upstream-error", ""))
    }
    expect(walk([group("g", [limited, broken])], () => "upstream-error")).toEqual(["p/b#0"])
  })

  test("knows when the first breaker lets a request through, once all of them are open", () => {
    const { clock, health, make } = setUp()
    const groups = [group("g", [make("a"), make("b")])]
    const { channels } = groups[0]!
    const ends = () => {
      const walk = open(clock, health, groups)
      walk.next()
      return walk.endOfOutage()
    }
    const breakOne = (channel: Channel) => {
      for (let n = 0; n < 5; n++) {
        health.fail(health.begin(channel), new GatewayError("upstream-error", "no"))
      }
      return health.standing(channel).until
    }
    expect(ends()).toBeUndefined()
    const first = breakOne(channels[0]!)
    expect(ends()).toBeUndefined()
    clock.advance(1000)
    breakOne(channels[1]!)
    expect(ends()).toBe(first)
  })

  test("prefers a resting channel to one behind an open breaker", () => {
    const { clock, health, make, walk } = setUp()
    const broken = make("p/a")
    const resting = make("p/b")
    for (let i = 0; i < 5; i++) {
      health.fail(health.begin(broken.channels[0]!), new GatewayError("upstream-error", ""))
    }
    clock.advance(29_000)
    health.fail(health.begin(resting.channels[0]!), new GatewayError("upstream-error", ""))
    expect(walk([group("g", [broken, resting])], () => "upstream-error")).toEqual(["p/b#0"])
  })

  test("prefers a healthy channel of a fallback group to a resting one of the group itself", () => {
    const { health, make, walk } = setUp()
    const a = make("p/a")
    health.fail(health.begin(a.channels[0]!), new GatewayError("upstream-error", ""))
    const groups = [
      group("g", [a], { fallbacks: ["spare"], retries: { attempts: 1 } }),
      group("spare", [make("p/b")]),
    ]
    expect(walk(groups, () => "upstream-error")).toEqual(["p/b#0", "p/a#0"])
  })

  test("uses only the pinned channel, whatever its health", () => {
    const { health, make, walk } = setUp()
    const a = make("p/a", 2)
    health.fail(health.begin(a.channels[1]!), new GatewayError("upstream-unauthorized", ""))
    const one = group("g", [a, make("p/b")], { fallbacks: ["spare"] })
    const groups = [one, group("spare", [make("p/c")])]
    expect(walk(groups, () => "upstream-rate-limited", a.channels[1])).toEqual(["p/a#1"])
  })

  test("takes turns over the keys of a deployment", () => {
    const { clock, health, make } = setUp()
    const groups = [group("g", [make("p/a", 3)])]
    const picked = Array.from({ length: 6 }, () => {
      return open(clock, health, groups).next()!.channel.id
    })
    expect(picked).toEqual(["p/a#0", "p/a#1", "p/a#2", "p/a#0", "p/a#1", "p/a#2"])
  })

  test("does not try a channel again at once because a fallback names it, too", () => {
    const { make, walk } = setUp()
    const shared = make("p/a")
    const groups = [
      group("g", [shared], { fallbacks: ["spare"], retries: { attempts: 0 } }),
      group("spare", [{ ...shared, channels: shared.channels.map((each) => ({ ...each })) }]),
    ]
    expect(walk(groups, () => "upstream-error")).toEqual(["p/a#0"])
  })

  test("does not take `Retry-After: 0` for leave to hammer", () => {
    const { clock, health, make } = setUp()
    const groups = [group("g", [make("p/a")])]
    const walk = open(clock, health, groups)
    const step = walk.next()!
    fail(walk, health, step, new GatewayError("upstream-rate-limited", "", { retryAfterMs: 0 }))
    expect(walk.next()).toMatchObject({ channel: step.channel, why: "retry", wait: 125 })
  })

  test("waits for a short Retry-After and then tries the limited channel again", () => {
    const { clock, health, make } = setUp()
    const only = make("p/a")
    const groups = [group("g", [only])]
    const walk = open(clock, health, groups, undefined, 0)
    const step = walk.next()!
    fail(walk, health, step, new GatewayError("upstream-rate-limited", "", { retryAfterMs: 1200 }))
    expect(walk.next()).toMatchObject({ channel: step.channel, why: "retry", wait: 1200 })
  })

  test("looks at a group once, also where the caller's own strategy has made a copy of it", () => {
    const { clock, health, make } = setUp()
    const g = group("g", [make("p/a")], { fallbacks: ["spare"] })
    const spare = group("spare", [make("p/b")], { fallbacks: ["g"] })
    const walk = createWalk({
      ...options(clock, health, [g, spare]),
      resolution: { group: { ...g, strategy: strategies.random } },
    })
    for (let step = walk.next(); step?.wait === 0; step = walk.next()) {
      fail(walk, health, step, new GatewayError("upstream-unauthorized", ""))
    }
    expect(walk.opened.map(({ group: { name, strategy } }) => [name, strategy.name])).toEqual([
      ["g", "random"],
      ["spare", "priority"],
    ])
  })
})
