import { expect, test } from "bun:test"
import { defineStrategy, noMemory } from "../../src/routing/define-strategy.ts"
import type { Filter } from "../../src/routing/filters/filter.ts"
import { asker, inOrder } from "./asker.ts"
import { deployment } from "./parts.ts"

/** A group of a strategy whose scores never change, and how often it was asked for them. */
function steady({
  percent,
  ...more
}: {
  steady?: boolean
  percent?: number
  filters?: Filter[]
} = {}) {
  let asked = 0
  const strategy = defineStrategy({
    name: "steady",
    description: "",
    scope: "deployment",
    steady: more.steady ?? true,
    createMemory: noMemory,
    scorer() {
      asked++
      return () => 0
    },
  })
  const made = asker({
    strategy,
    deployments: (health) => [
      deployment("p/a", { health, keys: 2 }),
      { ...deployment("p/b", { health }), percent },
    ],
    ...(more.filters && { filters: more.filters }),
  })
  const order = () => inOrder(made.ask()).map(({ channel }) => channel.id)
  return { ...made, order, asked: () => asked }
}

test("a group that looks the same is not looked at again", () => {
  const { ask, asked } = steady()
  expect(ask().all).toBe(ask().all)
  expect(asked()).toBe(1)
})

test("its keys take turns all the same", () => {
  const { group, order, asked } = steady()
  const [first] = group.deployments
  const turns = Array.from({ length: 6 }, () => {
    first!.health.turn++
    return order()
  })
  expect(turns.slice(0, 2)).toEqual([
    ["p/a#1", "p/a#0", "p/b#0"],
    ["p/a#0", "p/a#1", "p/b#0"],
  ])
  expect(turns.slice(2)).toEqual([...turns.slice(0, 2), ...turns.slice(0, 2)])
  expect(asked()).toBe(2)
})

test("a channel that rests is seen at once, and so is its return", () => {
  const { group, clock, ask, order } = steady()
  const { all } = ask()
  const [channel] = group.channels
  channel!.health.reason = "server"
  channel!.health.pausedUntil = clock.now() + 1000
  expect(order()).toEqual(["p/a#1", "p/b#0"])
  channel!.health.reason = undefined
  expect(ask().all).toBe(all)
})

test("what one request is refused says nothing of the next one", () => {
  let objects = true
  const filter: Filter = {
    name: "moody",
    scope: "channel",
    checker: () => (objects ? ({ id }) => (id === "p/b#0" ? { why: "no" } : undefined) : undefined),
  }
  const { order } = steady({ filters: [filter] })
  expect(order()).toEqual(["p/a#0", "p/a#1"])
  objects = false
  expect(order()).toEqual(["p/a#0", "p/a#1", "p/b#0"])
  objects = true
  expect(order()).toEqual(["p/a#0", "p/a#1"])
})

test.each([{ steady: false }, { percent: 20 }])("nothing is remembered with %o", (options) => {
  const { ask } = steady(options)
  expect(ask().all).not.toBe(ask().all)
})
