import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { until } from "../support/cleanup.ts"
import { ASK, chat, type Does, type Rig, startRig } from "./rig.ts"

setDefaultTimeout(60_000)

const only = [chat]
let isDown = true
const mayBeDown: Does = () => (isDown ? "status:503" : "ok")
let isHeld = true
let turn = 0
const everySecond: Does = () => (turn++ % 2 === 0 ? "status:500" : "ok")

/** As it is without a config, and with breakers that a test can wait for. */
let usual: Rig
let quick: Rig
beforeAll(async () => {
  ;[usual, quick] = await Promise.all([
    startRig(
      {
        R01: ["status:503", "status:503", "status:503"],
        R15: ["status:503", mayBeDown],
      },
      { pairs: only },
    ),
    startRig(
      {
        R03: [() => (isDown ? "status:503" : isHeld ? "gate|ok" : "ok"), "ok"],
        R04: [everySecond, "ok"],
      },
      {
        pairs: only,
        // One request for all of a deployment's keys finds out.
        provider: { keys: ["sk-first-00001", "sk-second-0001"] },
        config: {
          breaker: { failures: 3, open: "400ms", maxOpen: "30s", recovery: "3s" },
          cooldown: { server: "0ms", network: "0ms" },
        },
      },
    ),
  ])
})
afterAll(() => Promise.all([usual.close(), quick.close()]))

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)

/** Asks as often and as fast as callers would, whoever waits for what. */
async function storm(rig: Rig, scenario: string, many: number, rate: number) {
  const asked: Promise<{ status: number; after: string | null }>[] = []
  const began = performance.now()
  while (asked.length < many) {
    const due = Math.min(many, Math.ceil(((performance.now() - began) / 1000) * rate))
    while (asked.length < due) {
      asked.push(
        rig.send(scenario, chat, { talk: ASK }).then(async (response) => {
          await response.text()
          return { status: response.status, after: response.headers.get("retry-after") }
        }),
      )
    }
    await Bun.sleep(5)
  }
  return Promise.all(asked)
}

test("R01 a total outage is not amplified, and callers are told at once when to come back", async () => {
  const many = 800
  const answers = await storm(usual, "R01", many, 200)
  expect(answers.every(({ status }) => status === 503)).toBe(true)
  expect(total(usual.counts("R01"))).toBeLessThanOrEqual(1.2 * many)
  const late = answers.slice(200)
  expect(late.filter(({ after }) => !(Number(after) >= 1)).length).toBe(0)
  const rows = await usual.rows("R01", chat, many)
  const durations = rows.map(({ duration }) => Number(duration)).sort((a, b) => a - b)
  // In milliseconds: it is a few, on a machine that has nothing else to do.
  expect(durations[many >> 1]).toBeLessThan(100)
  expect(durations[Math.floor(0.99 * many)]).toBeLessThan(1000)
})

test("R03 one request finds out whether an upstream is well again, and its share grows back", async () => {
  // Not by `ask`, which opens the gates of a scenario when one of its answers begins.
  const ask = async () => {
    const response = await quick.send("R03", chat, { talk: ASK })
    await response.text()
    return response
  }
  const first = () => quick.seen("R03", chat, 0)
  const breaker = async () => (await quick.health("R03", chat, 0)).breaker
  for (let n = 0; n < 3; n++) expect((await ask()).status).toBe(200)
  // It may be time to look again already, on a busy machine.
  expect(await breaker()).toMatchObject({ state: expect.stringMatching(/open/), opened: 1 })
  expect(first().length).toBe(3)
  isDown = false
  await until(async () => (await breaker()).state === "half-open")
  // Its answer is held back: who comes meanwhile goes elsewhere.
  const probe = ask()
  await until(() => first().length === 4)
  const others = await Promise.all(Array.from({ length: 100 }, ask))
  expect(others.every(({ status }) => status === 200)).toBe(true)
  expect(quick.counts("R03")).toEqual([4, 103])
  first()[3]!.gate.open()
  expect((await probe).status).toBe(200)
  expect(await breaker()).toMatchObject({ state: "closed", opened: 0 })

  isHeld = false
  const shares: number[] = []
  while (shares.at(-1) !== 1) {
    const before = first().length
    for (let n = 0; n < 40; n++) await ask()
    shares.push((first().length - before) / 40)
  }
  expect(shares[0]).toBeWithin(0.01, 0.5)
  expect(shares.length).toBeGreaterThan(2)
})

test("R04 an upstream that fails every second time is left alone, and no caller sees it fail", async () => {
  const answers = await storm(quick, "R04", 600, 200)
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  // It has its turns until it is found out, and then a look now and then.
  expect(quick.counts("R04")[0]).toBeWithin(5, 60)
})

test("R15 with every breaker open, what might be well is tried all the same", async () => {
  isDown = true
  await storm(usual, "R15", 60, 100)
  const states = await Promise.all([0, 1].map((nth) => usual.health("R15", chat, nth)))
  expect(states.map(({ breaker }) => breaker.state)).toEqual(["open", "open"])
  isDown = false
  const statuses: number[] = []
  for (let n = 0; n < 3; n++) statuses.push((await usual.ask("R15", chat, { talk: ASK })).status)
  // One deployment after the other is tried, and once one is well it has all of the traffic.
  expect(statuses.slice(1)).toEqual([200, 200])
})
