import { describe, expect, test } from "bun:test"
import type { Strategy } from "../../src/core/routing.ts"
import type { StrategyFunction, StrategyFunctionResult } from "../../src/core/strategy-function.ts"
import { candidatesOf } from "../../src/routing/candidates.ts"
import { createHealth } from "../../src/routing/health.ts"
import { strategyFromFunction } from "../../src/routing/strategy-function.ts"
import { inOrder } from "./asker.ts"
import { deployment, group, request, RULES } from "./parts.ts"
import { seeded } from "./seeded.ts"
import { virtualTime } from "./virtual-time.ts"

/** A group of three deployments, the last with two keys, whose strategy is a function. */
function asking(decide: StrategyFunction) {
  const time = virtualTime()
  const { clock, timers } = time
  const warnings: string[] = []
  const health = createHealth(clock, () => RULES)
  const strategy: Strategy = strategyFromFunction(decide, {
    clock,
    timers,
    warn: (why) => warnings.push(why),
  })
  const deployments = [
    deployment("a/x", { health, cost: ({ input, output }) => input + 5 * output }),
    deployment("b/y", { health, weight: 3, tags: ["eu"], region: "eu" }),
    deployment("c/z", { health, keys: 2 }),
  ]
  const asked = group("g", deployments, { strategy })
  const random = seeded(1)

  /** The order in which a request would try the channels. */
  async function order(about: Parameters<typeof request>[0] = {}): Promise<string[]> {
    const own = request(about)
    const look = () =>
      candidatesOf(
        { request: own, health, filters: [], refuses: () => undefined, random },
        asked,
        clock.now(),
      )
    const candidates = look().all.map(({ channel }) => channel)
    const memory = asked.memory(strategy)
    const ready = strategy.prepare?.({ request: own, memory, now: clock.now(), random, candidates })
    if (ready) await time.until(ready)
    return inOrder(look()).map(({ channel }) => channel.id)
  }

  return { ...time, health, deployments, warnings, order, strategy, asked }
}

const CONFIG_ORDER = ["a/x#0", "b/y#0", "c/z"]
/** Keys of one deployment share the work, so which is first does not matter. */
const withoutKeys = (order: string[]) =>
  order
    .map((id) => (id.startsWith("c/z") ? "c/z" : id))
    .filter((id, i, all) => all.indexOf(id) === i)

describe("a strategy function", () => {
  const results: [string, (ids: StrategyFunctionResult) => StrategyFunctionResult][] = [
    ["ids", () => ["c/z#1", "b/y#0"]],
    ["the ids of some that are no candidates", () => ["gone/x", "c/z#1", "b/y#0"]],
    ["an id more than once", () => ["c/z#1", "c/z#1", "b/y#0", "c/z#1"]],
  ]
  test.each(results)("decides by %s, and what it leaves out comes last", async (_, result) => {
    const { order, warnings } = asking(() => result(undefined))
    expect(await order()).toEqual(["c/z#1", "b/y#0", "a/x#0", "c/z#0"])
    expect(warnings).toEqual([])
  })

  test("decides by candidates, all of them or one", async () => {
    const all = asking(({ candidates }) => candidates.toReversed())
    expect(await all.order()).toEqual(["c/z#1", "c/z#0", "b/y#0", "a/x#0"])
    const one = asking(({ candidates }) => candidates[1])
    expect(withoutKeys(await one.order())).toEqual(["b/y#0", "a/x#0", "c/z"])
  })

  test("decides by a deployment for all of its keys", async () => {
    const { order } = asking(() => "c/z")
    const ids = await order()
    expect(ids.slice(0, 2).toSorted()).toEqual(["c/z#0", "c/z#1"])
    expect(ids.slice(2)).toEqual(["a/x#0", "b/y#0"])
  })

  test("may be async", async () => {
    const own: { sleep?: (ms: number) => Promise<void> } = {}
    const made = asking(async () => {
      await own.sleep!(40)
      return "b/y"
    })
    own.sleep = made.sleep
    expect(withoutKeys(await made.order())).toEqual(["b/y#0", "a/x#0", "c/z"])
    expect(made.pending).toBe(0)
    expect(made.warnings).toEqual([])
  })

  test("is told of the request and the candidates", async () => {
    let seen: Parameters<StrategyFunction>[0] | undefined
    const { order, health, deployments, clock } = asking((input) => {
      seen = input
      return undefined
    })
    const channel = deployments[1]!.channels[0]!
    const trial = health.begin(channel)
    health.answered(trial)
    health.succeed(trial, { duration: 100, ttft: 0, stream: true, input: 10, output: 300 })
    health.begin(channel)
    await order({ inputTokens: 1000, maxTokens: 100, session: "s", caller: "ann", tags: ["eu"] })
    expect(clock.now()).toBe(1_000_000)
    expect(seen!.request).toEqual({
      operation: "chat",
      stream: false,
      inputTokens: 1000,
      maxTokens: 100,
      tags: ["eu"],
      region: undefined,
      session: "s",
      caller: "ann",
    })
    expect(seen!.candidates.map((candidate) => ({ ...candidate }))).toEqual([
      {
        id: "a/x#0",
        provider: "a",
        model: "x",
        weight: 1,
        tags: [],
        region: undefined,
        inFlight: 0,
        ttft: undefined,
        success: 1,
        cost: 1.5e-6,
      },
      {
        id: "b/y#0",
        provider: "b",
        model: "y",
        weight: 3,
        tags: ["eu"],
        region: "eu",
        inFlight: 1,
        ttft: 0,
        success: 1,
        cost: undefined,
      },
      expect.objectContaining({ id: "c/z#0" }),
      expect.objectContaining({ id: "c/z#1" }),
    ])
  })

  test("cannot change what it is told of", async () => {
    const { order, deployments } = asking(({ request, candidates }) => {
      for (const { tags } of [request, ...candidates]) (tags as string[]).push("mine")
      ;(candidates as unknown[]).length = 0
      return undefined
    })
    const tags: string[] = []
    expect(withoutKeys(await order({ tags }))).toEqual(CONFIG_ORDER)
    expect([tags, ...deployments.map((each) => each.tags)]).toEqual([[], [], ["eu"], []])
  })

  test("that says nothing keeps the config order, and the keys of one deployment share the work", async () => {
    const { order, warnings } = asking(() => undefined)
    const firstKeys = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const ids = await order()
      expect(withoutKeys(ids)).toEqual(CONFIG_ORDER)
      firstKeys.add(ids[2]!)
    }
    expect(firstKeys).toEqual(new Set(["c/z#0", "c/z#1"]))
    expect(warnings).toEqual([])
  })
})

function no(): never {
  throw new Error("no idea")
}

/** Something that throws as soon as a member is read. */
const trap = (name: string, how: PropertyDescriptor = { get: no }) =>
  Object.defineProperty({}, name, { enumerable: true, ...how }) as never

describe("a strategy function that goes wrong keeps the config order and is warned of", () => {
  const wrong: [string, StrategyFunction][] = [
    [
      "throws",
      () => {
        throw new Error("no idea")
      },
    ],
    [
      "throws no error",
      () => {
        throw "no idea"
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("no idea")
      },
    ],
    ["returns a number", () => 7 as never],
    ["returns what has no id", () => [{}] as never],
    ["returns an odd id", () => [{ id: 7 }] as never],
    ["resolves to nonsense", async () => [null] as never],
    ["names nothing of the group", () => ["gone/x", "nowhere/y"]],
    [
      "throws what has no text",
      () => {
        throw Object.create(null)
      },
    ],
    ["returns what cannot be looked at", () => trap("id")],
    ["resolves to what cannot be looked at", async () => trap("id")],
    ["returns what looks like a promise and throws", () => trap("then")],
    ["returns a promise that cannot be waited for", () => trap("then", { value: no })],
  ]
  test.each(wrong)("it %s", async (_, decide) => {
    const { order, warnings, pending } = asking(decide)
    expect(withoutKeys(await order())).toEqual(CONFIG_ORDER)
    expect(warnings).toHaveLength(1)
    expect(pending).toBe(0)
  })

  test("it never comes back: 50 ms are all that a request waits", async () => {
    const { order, warnings, clock } = asking(() => new Promise(() => {}))
    const before = clock.now()
    expect(withoutKeys(await order())).toEqual(CONFIG_ORDER)
    expect(clock.now() - before).toBe(50)
    expect(warnings).toEqual(["it took longer than 50 ms"])
  })

  test("its answer comes too late to count, and a late failure is nobody's", async () => {
    const late = Promise.withResolvers<string>()
    const failing = Promise.withResolvers<string>()
    const made = asking(() => (made.warnings.length === 0 ? late.promise : failing.promise))
    const own = made.order()
    expect(withoutKeys(await own)).toEqual(CONFIG_ORDER)
    late.resolve("c/z#1")
    expect(withoutKeys(await made.order())).toEqual(CONFIG_ORDER)
    failing.reject(new Error("too late"))
    await new Promise((resolve) => setImmediate(resolve))
    expect(made.warnings).toHaveLength(1)
  })

  test("at most once a minute", async () => {
    const { order, warnings, sleep, until } = asking(() => 7 as never)
    for (let i = 0; i < 10; i++) await order()
    await until(sleep(59_000))
    await order()
    expect(warnings).toHaveLength(1)
    await until(sleep(1_000))
    await order()
    expect(warnings).toHaveLength(2)
  })
})

describe("a strategy function that is too slow", () => {
  test("three times in a row is left out for a minute, and then asked again", async () => {
    let calls = 0
    const { order, warnings, clock, sleep, until } = asking(() => {
      calls++
      return new Promise(() => {})
    })
    for (let i = 0; i < 3; i++) await order()
    expect(warnings.at(-1)).toContain("left out for a minute")
    const before = clock.now()
    for (let i = 0; i < 5; i++) expect(withoutKeys(await order())).toEqual(CONFIG_ORDER)
    expect(clock.now()).toBe(before)
    expect(calls).toBe(3)
    await until(sleep(60_000))
    await order()
    expect(calls).toBe(4)
  })

  test("without awaiting anything is found by the clock: it counts, but what it says is taken", async () => {
    let calls = 0
    const time = { now: 0, slow: true }
    const warnings: string[] = []
    const strategy = strategyFromFunction(
      () => {
        calls++
        if (time.slow) time.now += 80
        return "b/y"
      },
      {
        clock: { now: () => time.now, wall: () => 0 },
        timers: { after: () => () => {} },
        warn: (why) => warnings.push(why),
      },
    )
    const channels = ["a/x", "b/y"].flatMap((id) => [...deployment(id).channels])
    const scores = () => {
      const own = request()
      const context = {
        request: own,
        memory: undefined,
        now: 0,
        candidates: channels,
        random: () => 0.5,
      }
      expect(strategy.prepare?.(context)).toBeUndefined()
      return channels.map(strategy.scorer(context))
    }
    const bFirst = ([a, b]: number[]) => b! < a!
    expect(bFirst(scores())).toBe(true)
    scores()
    // A quick run in between: it was only a bad moment.
    time.slow = false
    scores()
    time.slow = true
    for (let i = 0; i < 3; i++) expect(bFirst(scores())).toBe(true)
    expect(bFirst(scores())).toBe(false)
    expect(calls).toBe(6)
    expect(warnings).toEqual([
      "it held up everything for 80 ms",
      "it held up everything for 80 ms, 3 times in a row: it is left out for a minute",
    ])
    time.now += 60_000
    expect(bFirst(scores())).toBe(true)
  })
})
