import { describe, expect, test } from "bun:test"
import type { Workload } from "../../src/simulator/scenario.ts"
import { usualCount, workloadRequests } from "../../src/simulator/workload.ts"

const HOUR = 3_600_000
const plain: Workload = { rate: 10, input: 1000, output: 100 }

describe("the requests of a workload", () => {
  test("are the same for one seed, and others for another", () => {
    const workload: Workload = {
      ...plain,
      turns: 4,
      stream: 0.5,
      input: { median: 1000, spread: 1 },
    }
    const drawn = workloadRequests(workload, HOUR, 500, 3)
    expect(workloadRequests(workload, HOUR, 500, 3)).toEqual(drawn)
    expect(workloadRequests(workload, HOUR, 500, 4)).not.toEqual(drawn)
  })

  test("come in order, as often as the rate says, with gaps as Poisson has them", () => {
    const requests = workloadRequests(plain, HOUR, 20_000, 1)
    const gaps = requests.slice(1).map(({ at }, n) => at - requests[n]!.at)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const square = gaps.reduce((sum, gap) => sum + gap * gap, 0) / gaps.length
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0)
    expect(mean / 100).toBeCloseTo(1, 1)
    // An exponential distribution's standard deviation is its mean.
    expect(Math.sqrt(square - mean * mean) / mean).toBeCloseTo(1, 1)
  })

  test("follow a rate that changes, round after round", () => {
    const rate = [
      { at: "0s", rate: 0 },
      { at: "50s", rate: 20 },
      { at: "100s", rate: 0 },
    ]
    const requests = workloadRequests({ ...plain, rate }, 100_000, 20_000, 1)
    const middle = requests.filter(({ at }) => at % 100_000 > 25_000 && at % 100_000 < 75_000)
    expect(middle.length / requests.length).toBeCloseTo(0.75, 1)
    expect(requests.at(-1)!.at / 100_000).toBeCloseTo(20, -1)
    expect(usualCount({ ...plain, rate }, 100_000)).toBe(1000)
  })

  test("grow from turn to turn by the answer and what is added", () => {
    const workload: Workload = { ...plain, rate: 1, turns: 10, growth: 50 }
    const requests = workloadRequests(workload, HOUR, 20_000, 1)
    const turns = Map.groupBy(requests, ({ session }) => session)
    for (const [session, own] of turns) {
      expect(session).toBeDefined()
      expect(own.map(({ input }) => input)).toEqual(own.map((_, n) => 1000 + n * 150))
    }
    // Those that have not ended yet make it a little less.
    expect(requests.length / turns.size).toBeGreaterThan(8)
    expect(requests.length / turns.size).toBeLessThan(11)
  })

  test("without turns have no conversation", () => {
    const [first] = workloadRequests(plain, HOUR, 1, 1)
    expect(first!.session).toBeUndefined()
  })
})
