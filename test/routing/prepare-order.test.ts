import { expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { Strategy } from "../../src/core/routing.ts"
import { prepareOrder } from "../../src/routing/prepare-order.ts"
import { createRetryBudget } from "../../src/routing/retry-budget.ts"
import { priority } from "../../src/routing/strategies/priority.ts"
import type { WalkOptions } from "../../src/routing/walk.ts"
import { deployment, group, request, table, testClock, testHealth } from "./parts.ts"

/** A group and its fallback, with a channel that rests, and what their strategies are asked. */
function setUp() {
  const clock = testClock()
  const health = testHealth(clock)
  const asked: string[][] = []
  const slow: Strategy = {
    ...priority,
    name: "slow",
    async prepare({ candidates }) {
      await Promise.resolve()
      asked.push(candidates.map(({ id }) => id))
    },
  }
  const make = (id: string) => deployment(id, { health })
  const resting = make("p/b")
  health.fail(health.begin(resting.channels[0]!), new GatewayError("upstream-error", ""))
  const groups = [
    group("g", [make("p/a"), resting], { strategy: slow, fallbacks: ["plain"] }),
    group("plain", [make("p/c")], { fallbacks: ["spare"] }),
    group("spare", [make("p/d"), make("p/e")], { strategy: slow }),
  ]
  const options: WalkOptions = {
    resolution: { group: groups[0]! },
    table: table(groups),
    health,
    clock,
    budget: createRetryBudget(),
    random: () => 0.5,
    request: request(),
    filters: [],
    refuses: () => undefined,
  }
  return { asked, groups, options }
}

test("strategies that take their time are asked about what is usable, of each group of the chain", async () => {
  const { asked, options } = setUp()
  await prepareOrder(options)
  expect(asked).toEqual([["p/a#0"], ["p/d#0", "p/e#0"]])
})

test("nothing is waited for where no strategy takes its time", () => {
  const { options, groups } = setUp()
  expect(prepareOrder({ ...options, resolution: { group: groups[1]! } })).toBeDefined()
  const plain = { ...groups[1]!, fallbacks: [] }
  expect(prepareOrder({ ...options, resolution: { group: plain } })).toBeUndefined()
})

test("a pinned channel is asked of nobody", () => {
  const { asked, options, groups } = setUp()
  const [group] = groups
  const resolution = { group: group!, pinned: group!.channels[0]! }
  expect(prepareOrder({ ...options, resolution })).toBeUndefined()
  expect(asked).toEqual([])
})
