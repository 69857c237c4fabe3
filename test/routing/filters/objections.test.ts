import { describe, expect, test } from "bun:test"
import { objectionsTo } from "../../../src/routing/filters/objections.ts"
import type { Objection } from "../../../src/routing/filters/filter.ts"
import { deployment, group, request } from "../parts.ts"
import { objecting, told } from "./objecting.ts"

const [a, b, c] = ["a/m", "b/m", "c/m"].map((id) => deployment(id)) as [
  ReturnType<typeof deployment>,
  ReturnType<typeof deployment>,
  ReturnType<typeof deployment>,
]

/** What is found where each deployment has one of these against it. */
function found(...against: (Omit<Objection, "filter"> | undefined)[]) {
  const deployments = [a, b, c].slice(0, against.length)
  const filter = objecting(
    "f",
    "deployment",
    ({ deployment }) => against[deployments.indexOf(deployment)],
  )
  return told(deployments, {}, { filters: [filter], now: 0 })
}

describe("guesses", () => {
  test("keep a channel out while another one fits", () => {
    expect(found({ why: "far", guess: 3 }, undefined)).toEqual(["far", undefined])
  })

  test("keep a channel out while another one is only less liked", () => {
    expect(found({ why: "far", guess: 3 }, { why: "meh", soft: true })).toEqual(["far", "meh ?"])
  })

  test("keep a channel out while another one is used up for a moment", () => {
    expect(found({ why: "far", guess: 3 }, { why: "rpm", until: 60_000 })).toEqual(["far", "rpm"])
    expect(found({ why: "far", guess: 3 }, { why: "busy", busy: true })).toEqual(["far", "busy"])
  })

  test("do not keep the nearest out where nobody else can do it today", () => {
    expect(found({ why: "far", guess: 3 }, { why: "spent", until: 9e7 })).toEqual([
      "far ?",
      "spent",
    ])
    expect(found({ why: "no" }, { why: "far", guess: 3 }, { why: "near", guess: 2 })).toEqual([
      "no",
      "far",
      "near ?",
    ])
  })

  test("of the same distance are all tried", () => {
    expect(found({ why: "x", guess: 2 }, { why: "y", guess: 2 })).toEqual(["x ?", "y ?"])
  })
})

describe("of several filters", () => {
  const first = (against: Omit<Objection, "filter">) => objecting("1", "deployment", () => against)
  const second = (against: Omit<Objection, "filter">) => objecting("2", "deployment", () => against)

  test("the weightiest objection counts", () => {
    const soft = { why: "soft", soft: true }
    const guess = { why: "guess", guess: 2 }
    const hard = { why: "hard" }
    const both = (one: Omit<Objection, "filter">, two: Omit<Objection, "filter">) =>
      told([a], {}, { filters: [first(one), second(two)] })
    expect(both(soft, hard)).toEqual(["hard"])
    expect(both(guess, hard)).toEqual(["hard"])
    expect(both(hard, guess)).toEqual(["hard"])
    expect(both(guess, soft)).toEqual(["guess ?"])
    expect(both(soft, guess)).toEqual(["guess ?"])
  })

  test("one of a channel's own counts for that key only", () => {
    const two = deployment("two/m", { keys: 2 })
    const filter = objecting("key", "channel", ({ id }) =>
      id.endsWith("#1") ? { why: "used up" } : undefined,
    )
    expect(told([two, a], {}, { filters: [filter] })).toEqual([undefined, "used up", undefined])
  })

  test("a deployment's filter is asked once for all of its keys", () => {
    let asked = 0
    const filter = objecting("f", "deployment", () => {
      asked++
      return undefined
    })
    told([deployment("two/m", { keys: 5 }), a], {}, { filters: [filter] })
    expect(asked).toBe(2)
  })
})

test("what a deployment cannot do at all is no guess, and no filter is asked", () => {
  const asking = {
    request: request(),
    filters: [objecting("f", "channel", () => ({ why: "guess", guess: 1 }))],
    refuses: () => "does not offer this operation",
  }
  const found = objectionsTo(asking, group("g", [a]), 0)
  expect(found).toEqual([{ filter: "protocol", why: "does not offer this operation" }])
})
