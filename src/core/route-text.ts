import { MOST_DIGITS, putMaybe, putNumber, putText } from "./digits.ts"
import type { AttemptRecord, CandidateRecord, RouteRecord } from "./route-record.ts"

/** `[strategy, more, candidates, attempts]`, each of these an array of its values in a fixed order. */
type Packed = readonly [
  strategy: string,
  more: number,
  candidates: readonly (readonly [string, string, string, number | null, string | null])[],
  attempts: readonly (readonly [
    channel: string,
    why: AttemptRecord["why"],
    began: number,
    duration: number | null,
    ttft: number | null,
    outcome?: string,
    status?: number | null,
    message?: string | null,
    wasted?: number,
    cost?: number | null,
  ])[],
]

/** A record as the ledger keeps it, of which every request has one: a third of what names for all values take. */
export interface RouteText {
  /** What other requests may have too: the decision, and to whom the first attempt went. Its last character is its only tab. */
  readonly begin: string
  /** What came of it; they may change afterwards, so it is to be written at once. */
  readonly attempts: readonly AttemptRecord[]
}

/** The whole text of a record. */
export function packRoute(record: RouteRecord): string {
  const { attempts } = record
  return joinRoute({ begin: beginOf(packPlan(record), attempts), attempts })
}

/** Both parts in one. */
export function joinRoute({ begin, attempts }: RouteText): string {
  return begin + restOf(attempts)
}

/** What was decided. */
export function packPlan(decided: Omit<RouteRecord, "attempts">): string {
  const { strategy, more, candidates } = decided
  const packed: Packed[2] = candidates.map(({ group, channel, state, score, skipped }) => [
    group,
    channel,
    state,
    rounded(score),
    skipped,
  ])
  return `[${JSON.stringify(strategy)},${more},${JSON.stringify(packed)},`
}

/** The first part, from the plan. The attempts count no further than their first channel, and why it was tried. */
export function beginOf(plan: string, attempts: readonly AttemptRecord[]): string {
  return `${plan}${attemptsBegin(attempts)}\t`
}

/** The second part. */
export function restOf(attempts: readonly AttemptRecord[]): string {
  return `${JSON.stringify(attempts.map(packAttempt)).slice(attemptsBegin(attempts).length)}]`
}

/** The only attempt of a route like most, which has nothing but times to tell; undefined for others. */
export function plainAttempt(attempts: readonly AttemptRecord[]): AttemptRecord | undefined {
  const first = attempts[0]
  if (attempts.length !== 1 || !first || !isPlain(first)) return undefined
  const { began, duration, ttft } = first
  return Number.isFinite(began + (duration ?? 0) + (ttft ?? 0)) ? first : undefined
}

/** Bytes that {@link putRest} writes at most. */
export const MOST_REST = 3 * MOST_DIGITS + 5

/** Writes the second part of a route with one plain attempt. Returns where it ends. */
export function putRest(bytes: Uint8Array, at: number, attempt: AttemptRecord): number {
  const { began, duration, ttft } = attempt
  let end = putNumber(bytes, at, rounded(began))
  end = putMaybe(bytes, putText(bytes, end, ","), rounded(duration))
  end = putMaybe(bytes, putText(bytes, end, ","), rounded(ttft))
  return putText(bytes, end, "]]]")
}

function attemptsBegin([first]: readonly AttemptRecord[]): string {
  return first ? `[[${JSON.stringify(first.channel)},${JSON.stringify(first.why)},` : ""
}

/** Whether it has nothing but times to tell. */
function isPlain({ outcome, status, message, wasted, cost }: AttemptRecord): boolean {
  const isUsual = status === null && message === null && wasted === 0 && cost === null
  return isUsual && outcome === "ok"
}

function packAttempt(attempt: AttemptRecord): Packed[3][number] {
  const { channel, why, outcome, status, message, wasted, cost } = attempt
  const began = rounded(attempt.began)
  const duration = rounded(attempt.duration)
  const ttft = rounded(attempt.ttft)
  if (isPlain(attempt)) return [channel, why, began, duration, ttft]
  return [channel, why, began, duration, ttft, outcome, status, message, wasted, cost]
}

/** To three digits: it is text. */
function rounded<T extends number | null>(value: T): T | number {
  return value === null ? value : Math.round(value * 1000) / 1000
}

/** @param text also a record with names, as earlier versions have written it. @throws SyntaxError */
export function unpackRoute(text: string): RouteRecord {
  const packed = JSON.parse(text) as Packed | RouteRecord
  if (!isPacked(packed)) return packed
  const [strategy, more, candidates, attempts] = packed
  return {
    strategy,
    candidates: candidates.map(
      ([group, channel, state, score, skipped]): CandidateRecord => ({
        group,
        channel,
        state,
        score,
        skipped,
      }),
    ),
    more,
    attempts: attempts.map(
      ([channel, why, began, duration, ttft, outcome, status, message, wasted, cost]) => ({
        channel,
        why,
        began,
        duration,
        ttft,
        outcome: outcome ?? "ok",
        status: status ?? null,
        message: message ?? null,
        wasted: wasted ?? 0,
        cost: cost ?? null,
      }),
    ),
  }
}

function isPacked(value: Packed | RouteRecord): value is Packed {
  return Array.isArray(value)
}
