import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { strategies } from "../../src/routing/strategies/index.ts"
import { readScenario } from "../../src/simulator/read-scenario.ts"
import { scenarios } from "../../src/simulator/scenarios/index.ts"
import { setUp } from "../../src/simulator/setup.ts"
import { simulate } from "../../src/simulator/simulate.ts"

const cells = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())

describe("the table of all strategies", () => {
  const text = readFileSync("docs/routing.md", "utf8")
  const [head, , ...rows] = text
    .split("<!-- simulator: begin -->")[1]!
    .split("<!-- simulator: end -->")[0]!
    .trim()
    .split("\n")
    .map(cells)

  test("has every scenario", () => {
    expect(head).toEqual(["strategy", ...scenarios.map(({ name }) => name)])
  })

  test("has every strategy, and the oracle", () => {
    const names = [...Object.keys(strategies).map((name) => `\`${name}\``), "oracle"]
    expect(rows.map(([name]) => name)).toEqual(names)
    for (const row of rows) expect(row).toHaveLength(scenarios.length + 1)
  })
})

test("the manual's example of a scenario runs", () => {
  const manual = readFileSync("docs/simulator.md", "utf8")
  const yaml = /```yaml\n(.*?)```/s.exec(manual)![1]!
  const scenario = readScenario(yaml, "evening-rush.yaml")
  const { requests, failed } = simulate(setUp(scenario, { requests: 2000 }), "adaptive")
  expect(requests).toBe(2000)
  expect(failed).toBe(0)
})
