import { expect, test } from "bun:test"
import type { AttemptRecord, RouteRecord } from "../../src/core/route-record.ts"
import {
  MOST_REST,
  packRoute,
  plainAttempt,
  putRest,
  restOf,
  unpackRoute,
} from "../../src/core/route-text.ts"

const ATTEMPT: AttemptRecord = {
  channel: "openai/gpt#ab12",
  why: "first",
  began: 0.12,
  duration: 250.5,
  ttft: 90,
  outcome: "ok",
  status: null,
  message: null,
  wasted: 0,
  cost: null,
}
const FAILED: Partial<AttemptRecord> = {
  outcome: "upstream-error",
  status: 500,
  message: 'a "b"\t',
}

const RECORD: RouteRecord = {
  strategy: "adaptive",
  candidates: [
    { group: "fast", channel: "openai/gpt#ab12", state: "ready", score: 1.5, skipped: null },
    { group: "fast", channel: "p/ü", state: "open", score: null, skipped: "lacks vision" },
  ],
  more: 3,
  attempts: [
    { ...ATTEMPT, ...FAILED },
    { ...ATTEMPT, why: "next", duration: null, ttft: null, wasted: 12, outcome: "cancelled" },
    { ...ATTEMPT, why: "continuation", cost: 0 },
    { ...ATTEMPT, why: "hedge", wasted: 7 },
    ATTEMPT,
  ],
}

test("a record comes back as it was", () => {
  expect(unpackRoute(packRoute(RECORD))).toEqual(RECORD)
})

const UNUSUAL: readonly Partial<AttemptRecord>[] = [
  { outcome: "cancelled" },
  { status: 429 },
  { message: "" },
  { wasted: 1 },
  { cost: 5 },
]

test("each value of an attempt that is not the usual one comes back", () => {
  for (const each of UNUSUAL) {
    const record = { ...RECORD, attempts: [{ ...ATTEMPT, ...each }] }
    expect(unpackRoute(packRoute(record))).toEqual(record)
  }
})

test("the only attempt of a route, with nothing but times to tell, is written byte by byte as JSON", () => {
  const bytes = new Uint8Array(MOST_REST)
  const times = [0, 0.0004, 0.001, 1.0005, 12.3456, 250, 4e6 + 0.1, 2 ** 31 / 1000, 1e15, -0.25]
  for (const began of times) {
    for (const duration of [...times, null]) {
      for (const ttft of [...times, null]) {
        const attempt = { ...ATTEMPT, began, duration, ttft }
        expect(plainAttempt([attempt])).toBe(attempt)
        const end = putRest(bytes, 0, attempt)
        expect(Buffer.from(bytes.subarray(0, end)).toString()).toBe(restOf([attempt]))
      }
    }
  }
})

test("no other attempts are", () => {
  for (const each of UNUSUAL) expect(plainAttempt([{ ...ATTEMPT, ...each }])).toBeUndefined()
  expect(plainAttempt([{ ...ATTEMPT, ttft: Number.POSITIVE_INFINITY }])).toBeUndefined()
  expect(plainAttempt([ATTEMPT, ATTEMPT])).toBeUndefined()
  expect(plainAttempt([])).toBeUndefined()
})

test("what earlier versions have written is read, too", () => {
  expect(unpackRoute(JSON.stringify(RECORD))).toEqual(RECORD)
})

test("times and scores are kept to three digits", () => {
  const long = { ...ATTEMPT, began: 0.123456, duration: 1.00049, ttft: 2.9996 }
  const [candidate] = RECORD.candidates
  const record = {
    ...RECORD,
    candidates: [{ ...candidate!, score: 1 / 3 }],
    attempts: [long],
  }
  const { candidates, attempts } = unpackRoute(packRoute(record))
  expect(candidates[0]!.score).toBe(0.333)
  expect(attempts[0]).toMatchObject({ began: 0.123, duration: 1, ttft: 3 })
})
