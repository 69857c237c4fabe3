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

/**
 * A record as the ledger keeps it, of which every request has one: a third of what names for all values
 * take. It has one tab, between the plan and the attempts: requests may have the same plan.
 */
export function packRoute(record: RouteRecord): string {
  return joinRoute(packPlan(record), record.attempts)
}

/** What was decided, to be joined with what came of it. */
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

/** The record that has this plan. */
export function joinRoute(plan: string, attempts: readonly AttemptRecord[]): string {
  return `${plan}\t${JSON.stringify(attempts.map(packAttempt))}]`
}

function packAttempt(attempt: AttemptRecord): Packed[3][number] {
  const { channel, why, outcome, status, message, wasted, cost } = attempt
  const began = rounded(attempt.began)
  const duration = rounded(attempt.duration)
  const ttft = rounded(attempt.ttft)
  // Most are like this.
  const plain = status === null && message === null && wasted === 0 && cost === null
  if (plain && outcome === "ok") return [channel, why, began, duration, ttft]
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
