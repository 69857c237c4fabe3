import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { until } from "../support/cleanup.ts"
import { chat, type Rig, type Scenario, startRig } from "./rig.ts"

setDefaultTimeout(60_000)

/** Which of the two is ten times as slow as the other. */
let grey = 0
const strategies = ["lowest-latency", "adaptive"]

let rig: Rig
beforeAll(async () => {
  const models = [0, 1].map((nth) => () => `slow:${nth === grey ? 200 : 20}ms|role|tok:2|done`)
  const groups = strategies.map((strategy): [string, Scenario] => [
    `R05-${strategy}`,
    { strategy, models },
  ])
  rig = await startRig(
    {
      ...Object.fromEntries(groups),
      "R05-hedge": { models: ["slow:2s|ok", "slow:300ms|ok"], hedge: "100ms" },
    },
    { pairs: [chat] },
  )
})
afterAll(() => rig.close())

/** Share of the requests of a scenario that the first deployment gets: so many, a few at a time. */
async function shareOfFirst(scenario: string, many: number): Promise<number> {
  const before = rig.counts(scenario)[0]!
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let n = 0; n < many / 4; n++) await rig.ask(scenario)
    }),
  )
  return (rig.counts(scenario)[0]! - before) / many
}

test("R05 traffic leaves an upstream that has become slow, and returns; hedges do not wait for it", async () => {
  const each = (run: (scenario: string) => Promise<void>) =>
    Promise.all(strategies.map((strategy) => run(`R05-${strategy}`)))
  // However fast the machine is, it is known after some dozens of answers.
  const settles = (share: (first: number) => boolean) =>
    each((scenario) => until(async () => share(await shareOfFirst(scenario, 60)), 20_000))
  await settles((first) => first < 0.15)
  grey = 1
  await settles((first) => first > 0.85)

  const hedged = await rig.ask("R05-hedge")
  expect(hedged.headers.get("x-llmrouter-attempts")).toBe("2")
  await until(() => rig.seen("R05-hedge", chat, 0)[0]!.aborted)
  // Of a crowd only so many hedge at once as the retry budget has room for.
  const crowd = await Promise.all(Array.from({ length: 20 }, () => rig.ask("R05-hedge")))
  expect(crowd.every(({ status }) => status === 200)).toBe(true)
  expect(rig.counts("R05-hedge")[0]).toBe(21)
  expect(rig.counts("R05-hedge")[1]).toBeWithin(4, 12)
})
