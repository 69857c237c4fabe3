import { describe, expect, test } from "bun:test"
import { goalLines, goals, judge } from "../../bench/goals.ts"

const goalOf = (metric: string) => goals.find((goal) => goal.metric === metric)!
const met = (metric: string, router: number[], nginx: number[] = []) =>
  judge(goalOf(metric), {
    direct: { [metric]: router.map(() => 0) },
    llmrouter: { [metric]: router },
    nginx: { [metric]: nginx },
  }).met

describe("a goal", () => {
  test("of which more is better is met from its limit on", () => {
    expect(met("chat64.perSecond", [75], [100])).toBe("yes")
    expect(met("chat64.perSecond", [74], [100])).toBe("no")
    expect(met("chat64.perSecond", [100], [100])).toBe("stretch")
  })

  test("of which less is better is met up to its limit", () => {
    expect(met("chat64.cpu", [14], [10])).toBe("yes")
    expect(met("chat64.cpu", [14.1], [10])).toBe("no")
    expect(met("chat64.cpu", [11], [10])).toBe("stretch")
  })

  test("that is no ratio is about the router alone", () => {
    expect(met("large.p99", [20])).toBe("yes")
    expect(met("large.p99", [21])).toBe("no")
  })

  test("counts the median of the rounds", () => {
    expect(met("start", [10, 10, 500])).toBe("stretch")
  })

  test("is not met by what was not measured", () => {
    expect(met("chat64.cpu", [])).toBe("not measured")
  })

  test("of translated streams is measured by nginx's relayed ones", () => {
    const verdict = judge(goalOf("paced-translated.cpu"), {
      llmrouter: { "paced-translated.cpu": [17] },
      nginx: { "paced.cpu": [10] },
    })
    expect(verdict.value.median).toBeCloseTo(1.7)
    expect(verdict.met).toBe("yes")
  })

  test("is shown beside what bare sockets cost, which had to pass on no less", () => {
    const verdict = judge(goalOf("paced.cpu"), {
      llmrouter: { "paced.cpu": [13] },
      nginx: { "paced.cpu": [10] },
      "bare sockets": { "paced.cpu": [11] },
    })
    expect(verdict.floor.median).toBeCloseTo(1.1)
    expect(verdict.met).toBe("no")
  })
})

test("the table has a line for every goal, measured or not", () => {
  expect(goalLines({})).toHaveLength(goals.length + 1)
})
