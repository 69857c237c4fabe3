import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { Channel, Deployment } from "../../src/core/routing.ts"
import { contextOf } from "../../src/routing/candidates.ts"
import type { Filter } from "../../src/routing/filters/filter.ts"
import { defineStrategy, noMemory } from "../../src/routing/define-strategy.ts"
import { growthOf, LINEAR } from "../support/growth.ts"
import { asker, counted, inOrder } from "./asker.ts"
import { deployment, RULES } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** Objects to channels by their names. */
const objecting = (list: Record<string, { soft: boolean }>): Filter => ({
  name: "test",
  scope: "channel",
  checker:
    () =>
    ({ id }: Channel) =>
      list[id] && (list[id].soft ? { why: "unwanted", soft: true } : { why: "wrong" }),
})

const pause = ({ health }: Channel, until: number) => {
  health.reason = "rate-limit"
  health.pausedUntil = until
}

describe("the candidates of a request", () => {
  test("are all there, with what is against them", () => {
    const { ask, clock, group } = asker({
      strategy: "priority",
      deployments: (health) =>
        ["p/a", "p/b", "p/c", "p/d", "p/e"].map((id) => deployment(id, { health })),
      filters: [objecting({ "p/b#0": { soft: true }, "p/c#0": { soft: false } })],
      refuses: ({ id }) => (id === "p/d#0" ? "does not speak" : undefined),
    })
    pause(group.channels[0]!, clock.now() + 1000)
    const { all } = ask()
    expect(
      all.map(({ channel, standing, objection, score }) => [
        channel.id,
        standing.state,
        objection?.why,
        Number.isNaN(score),
      ]),
    ).toEqual([
      ["p/a#0", "paused", undefined, true],
      ["p/b#0", "ready", "unwanted", false],
      ["p/c#0", "ready", "wrong", true],
      ["p/d#0", "ready", "does not speak", true],
      ["p/e#0", "ready", undefined, false],
    ])
    expect(inOrder({ all }).map(({ channel }) => channel.id)).toEqual(["p/e#0", "p/b#0"])
  })

  test("compete only with those that are as good a fit", () => {
    const told: string[][] = []
    const listening = defineStrategy({
      name: "listening",
      description: "",
      scope: "channel",
      createMemory: noMemory,
      scorer({ candidates }) {
        told.push(candidates.map(({ id }) => id))
        return () => 0
      },
    })
    const { ask } = asker({
      strategy: listening,
      deployments: (health) => ["p/a", "p/b", "p/c"].map((id) => deployment(id, { health })),
      filters: [objecting({ "p/b#0": { soft: true } })],
    })
    const looked = ask()
    const { all, context } = looked
    expect(told).toEqual([["p/a#0", "p/c#0"], ["p/b#0"]])
    expect(context.candidates.map(({ id }) => id)).toEqual(["p/a#0", "p/c#0"])
    for (const each of all) {
      expect(contextOf(looked, each).candidates.includes(each.channel)).toBe(true)
    }
  })

  test("that a strategy gives no number for come last, and are still there", () => {
    const silly = defineStrategy({
      name: "silly",
      description: "",
      scope: "channel",
      createMemory: noMemory,
      scorer:
        () =>
        ({ id }) =>
          id === "p/a#0" ? Number.NaN : 1e300,
    })
    const { ask } = asker({
      strategy: silly,
      deployments: (health) => ["p/a", "p/b"].map((id) => deployment(id, { health })),
    })
    expect(inOrder(ask()).map(({ channel }) => channel.id)).toEqual(["p/b#0", "p/a#0"])
  })

  test("that score the same are taken in config order", () => {
    const { ask } = asker({
      strategy: "priority",
      deployments: (health) => ["p/z", "p/a", "p/m"].map((id) => deployment(id, { health })),
    })
    expect(inOrder(ask()).map(({ channel }) => channel.id)).toEqual(["p/z#0", "p/a#0", "p/m#0"])
  })

  test("are none where a group has nothing", () => {
    const { ask } = asker({ strategy: "round-robin", deployments: () => [] })
    expect(ask()).toMatchObject({ all: [], context: { candidates: [] } })
  })

  test("take linear time", () => {
    const growth = growthOf((size) => {
      const { ask } = asker({
        strategy: "weighted",
        deployments: (health) =>
          Array.from({ length: size }, (_, i) => deployment(`p/${i}`, { health })),
      })
      return () => {
        for (let round = 0; round < 100; round++) ask()
      }
    }, 32)
    expect(growth).toBeLessThan(LINEAR)
  })
})

test("a recovering deployment gets its growing share of the requests, the others all else", () => {
  const recovery = 100_000
  const { ask, clock, health, group } = asker({
    strategy: "priority",
    random: seeded(5),
    rules: { ...RULES, breaker: { ...RULES.breaker, recovery } },
    deployments: (health) => ["p/a", "p/b"].map((id) => deployment(id, { health, keys: 2 })),
  })
  const [channel] = group.channels
  for (let failures = 0; failures < RULES.breaker.failures; failures++) {
    health.fail(health.begin(channel!), new GatewayError("upstream-error", ""))
  }
  clock.advance(RULES.breaker.open)
  health.succeed(health.begin(channel!))
  const shares: number[] = []
  for (let step = 0; step < 5; step++) {
    const standing = health.standing(channel!)
    const share = standing.state === "ready" ? standing.share : 0
    const firsts = Array.from({ length: 20_000 }, () => inOrder(ask())[0]!.channel.deployment.id)
    // Four standard deviations are at most 1.4 %.
    expect(Math.abs(counted(firsts)["p/a"]! / 20_000 - share)).toBeLessThan(0.014)
    shares.push(share)
    clock.advance(recovery / 4)
  }
  expect(shares[0]).toBeLessThan(0.2)
  expect(shares.at(-1)).toBe(1)
})

describe("keys of one deployment", () => {
  const setUp = (keys: number) => {
    const own = asker({
      strategy: "priority",
      deployments: (health): Deployment[] => [deployment("p/a", { health, keys })],
    })
    const picked = (count: number) =>
      counted(Array.from({ length: count }, () => own.pick().channel.id))
    return { ...own, picked }
  }

  test.each([1, 2, 3, 4, 7])("take turns: %p of them", (keys) => {
    const { pick, group } = setUp(keys)
    const picked = Array.from({ length: keys * 3 }, () => pick().channel)
    expect(picked).toEqual([...group.channels, ...group.channels, ...group.channels])
  })

  test("share the turns of one that is away evenly: its neighbour does not get them", () => {
    const { clock, group, picked } = setUp(4)
    pause(group.channels[1]!, clock.now() + 1000)
    expect(picked(300)).toEqual({ "p/a#0": 100, "p/a#2": 100, "p/a#3": 100 })
    clock.advance(1000)
    expect(picked(400)).toEqual({ "p/a#0": 100, "p/a#1": 100, "p/a#2": 100, "p/a#3": 100 })
  })

  test("are all tried in turn when one after the other fails", () => {
    const { ask, pick } = setUp(3)
    pick()
    expect(inOrder(ask()).map(({ channel }) => channel.id)).toEqual(["p/a#1", "p/a#2", "p/a#0"])
  })
})
