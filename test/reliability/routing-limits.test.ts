import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { until } from "../support/cleanup.ts"
import { ASK, chat, type Does, each, pairs, relayed, type Rig, startRig, STREAM } from "./rig.ts"

setDefaultTimeout(60_000)

const TOO_LONG =
  "status:400;code=context_length_exceeded;message=This model's maximum context length is 8192 tokens."
const REFUSED = "status:400;code=content_filter;message=The response was filtered."

const limited =
  (headers: () => Record<string, string>): Does =>
  () => ({ status: 429, headers: headers(), body: { error: { message: "Slow down." } } })

/** Every way in which an upstream says how long it wants to be left alone, and the seconds of it. */
const WAITS: Record<string, [seconds: number, Does]> = {
  seconds: [40, limited(() => ({ "retry-after": "40" }))],
  milliseconds: [40, limited(() => ({ "retry-after-ms": "40000" }))],
  date: [40, limited(() => ({ "retry-after": new Date(Date.now() + 40_000).toUTCString() }))],
  reset: [
    360,
    limited(() => ({
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "6m0s",
    })),
  ],
  words: [90, "status:429;message=Please try again in 1m30s."],
}

/** Says no until the test lets it. */
let isFull = true
let isRejected = true

let rig: Rig
let keyed: Rig
beforeAll(async () => {
  ;[rig, keyed] = await Promise.all([
    startRig(
      {
        ...Object.fromEntries(
          Object.entries(WAITS).map(([name, [, does]]) => [`R02-${name}`, [does, "ok"]]),
        ),
        "R02-all": ["status:429;ra=70", "status:429;ra=30", "status:429;ra=50"],
        "R02-queue": {
          models: [() => (isFull ? "status:429;ra=1" : "ok")],
          queue: { max: 10, timeout: "20s" },
          retries: 0,
        },
        R06: ["stall", "stall", "stall"],
        "R07-400": ["status:400", "ok"],
        "R07-422": ["status:422", "ok"],
        "R07-404": ["status:404", "ok"],
        "R07-long": { models: [TOO_LONG, "ok"], contextFallbacks: ["spare"] },
        "R07-filter": { models: [REFUSED, "ok"], contentPolicyFallbacks: ["spare"] },
      },
      { config: { groups: { spare: [`${chat.target.id}/ok`] } } },
    ),
    startRig(
      {
        "R07-key": [({ key }) => (key === "sk-bad-000001" && isRejected ? "status:401" : "ok")],
        R14: {
          models: [{ does: "slow:20ms|ok", limits: { parallel: 4 } }],
          queue: { max: 2000, timeout: "50s" },
        },
      },
      {
        pairs: [chat],
        provider: { keys: ["sk-bad-000001", "sk-good-00001"] },
        config: {
          cooldown: { auth: "200ms", authMax: "400ms" },
          auth: { keys: [KEYS.flood, KEYS.calm].map((key) => ({ key, name: key.slice(3, 8) })) },
        },
      },
    ),
  ])
})
afterAll(() => Promise.all([rig.close(), keyed.close()]))

const KEYS = { flood: "sk-flood-0000000001", calm: "sk-calmy-0000000001" }
const as = (key: string) => ({ talk: ASK, headers: { authorization: `Bearer ${key}` } })

test("R02 a limited upstream is left alone for as long as it says, and callers wait or are told", async () => {
  await Promise.all(
    Object.entries(WAITS).map(async ([name, [seconds]]) => {
      const scenario = `R02-${name}`
      for (let n = 0; n < 4; n++) {
        expect([name, (await rig.ask(scenario, chat, { talk: ASK })).status]).toEqual([name, 200])
      }
      expect([name, ...rig.counts(scenario)]).toEqual([name, 1, 4])
      const [channel] = (await rig.health(scenario, chat, 0)).channels
      expect([name, channel]).toMatchObject([name, { state: "paused", reason: "rate-limit" }])
      const left = (Date.parse(channel!.until!) - Date.now()) / 1000
      expect([name, left > seconds - 10 && left <= seconds + 1]).toEqual([name, true])
    }),
  )
  // Where all are, callers are told the soonest of their times, or wait for it.
  const answers = await each([...pairs, ...pairs], (pair) => rig.ask("R02-all", pair))
  for (const { status, headers, heard } of answers) {
    expect(status).toBe(429)
    expect(Number(headers.get("retry-after"))).toBeWithin(25, 31)
    expect(heard.error?.message).toBeString()
  }
  const waiting = [1, 2, 3].map(() => rig.ask("R02-queue", chat, { talk: ASK }))
  await until(() => rig.seen("R02-queue", chat, 0).length > 0)
  isFull = false
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200])
})

test("R06 a caller's deadline ends all attempts, and each leaves time for the next", async () => {
  const headers = { "x-request-timeout": "1" }
  await each(relayed, async (pair) => {
    const { status, heard } = await rig.ask("R06", pair, { headers, talk: STREAM })
    expect([pair.name, status]).toEqual([pair.name, 504])
    expect(heard.error?.message).toContain("1000 ms")
    const [row] = await rig.rows("R06", pair)
    expect(Number(row!["duration"])).toBeWithin(900, 3000)
    expect(Number(row!["attempts"])).toBeGreaterThan(1)
    await until(() => [0, 1].every((nth) => rig.seen("R06", pair, nth).every((r) => r.aborted)))
  })
})

test("R07 a caller's fault is not tried again; a rejected key, a full window and a refusal lead on", async () => {
  await each(relayed, async (pair) => {
    for (const [scenario, status, counts] of [
      ["R07-400", 400, [1, 0]],
      ["R07-404", 200, [1, 1]],
    ] as const) {
      const answer = await rig.ask(scenario, pair, { talk: ASK })
      expect([pair.name, answer.status, rig.counts(scenario, pair)]).toEqual([
        ...[pair.name, status, counts],
      ] as never)
    }
  })
  for (const scenario of ["R07-long", "R07-filter"]) {
    const { status, headers } = await rig.ask(scenario, chat, { talk: ASK })
    expect([scenario, status, headers.get("x-llmrouter-deployment")]).toEqual([
      ...[scenario, 200, `${chat.target.id}/ok`],
    ])
    expect(rig.counts(scenario)).toEqual([1, 0])
  }
  // A rejected key leads to the next key, and is used again when it works.
  const ask = () => keyed.ask("R07-key", chat, as(KEYS.calm))
  const of = (key: string) =>
    keyed.seen("R07-key", chat, 0).filter((request) => request.key === key).length
  for (let n = 0; n < 6; n++) expect((await ask()).status).toBe(200)
  expect(of("sk-bad-000001")).toBe(1)
  isRejected = false
  const before = of("sk-bad-000001")
  await until(async () => (await ask()).status === 200 && of("sk-bad-000001") > before + 2)
})

test("R14 a key that floods the router holds another one up by its turn, not by its crowd", async () => {
  let served = 0
  const flood = Array.from({ length: 200 }, async () => {
    const { status } = await keyed.ask("R14", chat, as(KEYS.flood))
    served++
    return status
  })
  await until(() => served > 4)
  const before = served
  for (let n = 0; n < 10; n++) {
    expect((await keyed.ask("R14", chat, as(KEYS.calm))).status).toBe(200)
  }
  const meanwhile = served - before
  // Four places, and two callers that take turns: about five of the flood for one of the other.
  expect(meanwhile).toBeLessThan(100)
  expect(new Set(await Promise.all(flood))).toEqual(new Set([200]))
})
