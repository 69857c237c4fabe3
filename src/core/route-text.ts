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
  /** What came of it. */
  readonly rest: string
}

/** The whole text of a record. */
export function packRoute(record: RouteRecord): string {
  const { attempts } = record
  return joinRoute({ begin: beginOf(packPlan(record), attempts), rest: restOf(attempts) })
}

/** Both parts in one. */
export function joinRoute({ begin, rest }: RouteText): string {
  return begin + rest
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
  const [first] = attempts
  if (first && attempts.length === 1 && isPlain(first)) {
    const { began, duration, ttft } = first
    // Most are like this, and it costs a third of writing arrays.
    if (Number.isFinite(began + (duration ?? 0) + (ttft ?? 0))) {
      return `${rounded(began)},${rounded(duration)},${rounded(ttft)}]]]`
    }
  }
  return `${JSON.stringify(attempts.map(packAttempt)).slice(attemptsBegin(attempts).length)}]`
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
