/**
 * Writes the table of all strategies over all scenarios into docs/routing.md, between its markers.
 * Takes a minute or two: `bun scripts/strategy-table.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { markdown } from "../src/cli/simulate-report.ts"
import { strategies } from "../src/routing/strategies/index.ts"
import { compare } from "../src/simulator/compare.ts"
import { scenarios } from "../src/simulator/scenarios/index.ts"
import { setUp } from "../src/simulator/setup.ts"

const FILE = "docs/routing.md"
const BEGIN = "<!-- simulator: begin -->"
const END = "<!-- simulator: end -->"

const reports = scenarios.map((scenario) => {
  const { name, description } = scenario
  console.log(name)
  const setup = setUp(scenario)
  return { name, description, comparison: compare({ setup, strategies: Object.keys(strategies) }) }
})
const text = readFileSync(FILE, "utf8")
const begin = text.indexOf(BEGIN)
const end = text.indexOf(END)
if (begin < 0 || end < begin) throw new Error(`${FILE} has lost the markers of the table`)
writeFileSync(
  FILE,
  `${text.slice(0, begin + BEGIN.length)}\n\n${markdown(reports)}\n${text.slice(end)}`,
)
