import { unpackRoute } from "../core/route-text.ts"
import type { UsageRow } from "../core/ledger.ts"
import type { AttemptRecord } from "../core/route-record.ts"

/** One answer of the past. */
export interface PastAnswer {
  /** The request's id. */
  readonly id: string
  /** Milliseconds from the start of the past. */
  readonly at: number
  readonly ttft: number
  readonly perToken: number
}

/** One failed attempt of the past. */
export interface PastFailure {
  readonly at: number
  /** The error's kind. */
  readonly kind: string
}

/** What is known of a deployment. */
export interface Call {
  readonly deployment: string
  readonly answers: readonly PastAnswer[]
  readonly failures: readonly PastFailure[]
}

/** What each deployment did, in the order of time. */
export function callsOf(rows: readonly UsageRow[], start: number): Call[] {
  const calls = new Map<string, { answers: PastAnswer[]; failures: PastFailure[] }>()
  const share = firstShare(rows)
  const of = (deployment: string) => {
    const known = calls.get(deployment)
    if (known) return known
    const made = { answers: [], failures: [] }
    calls.set(deployment, made)
    return made
  }
  for (const row of rows.toSorted((a, b) => a.time - b.time)) {
    const at = row.time - start
    const attempts = attemptsOf(row)
    for (const { channel, began, outcome } of attempts) {
      if (outcome === "ok" || outcome === "cancelled") continue
      of(deploymentOf(channel)).failures.push({ at: at + began, kind: outcome })
    }
    const { deployment } = row
    if (deployment === null) continue
    if (row.error !== null) {
      if (attempts.length === 0) of(deployment).failures.push({ at, kind: row.error })
      continue
    }
    const times = timesOf(row, attempts, share)
    if (times) of(deployment).answers.push({ id: row.id, ...times, at: at + times.at })
  }
  return [...calls].map(([deployment, call]) => ({ deployment, ...call }))
}

/** `provider/model#fingerprint` without the key. */
function deploymentOf(channel: string): string {
  const hash = channel.lastIndexOf("#")
  return hash < 0 ? channel : channel.slice(0, hash)
}

function attemptsOf({ route }: UsageRow): readonly AttemptRecord[] {
  if (route === null) return []
  try {
    return unpackRoute(route).attempts
  } catch {
    // Written by another version: the row itself says enough.
    return []
  }
}

/** What one answer says of its deployment alone; undefined when earlier attempts are mixed in. */
function timesOf(row: UsageRow, attempts: readonly AttemptRecord[], share: number) {
  const last = attempts.findLast(({ outcome }) => outcome === "ok")
  if (!last && row.attempts > 1) return undefined
  const at = last?.began ?? 0
  const duration = Math.max(1, row.duration - at)
  const ttft = last?.ttft ?? (row.ttft === null ? duration * share : row.ttft - at)
  if (ttft <= 0) return undefined
  const perToken = row.output > 0 ? Math.max(0, duration - ttft) / row.output : 0
  return { at, ttft, perToken }
}

/** Which share of a stream's time its first content took, in the middle; 1 without streams. */
function firstShare(rows: readonly UsageRow[]): number {
  const shares = rows
    .flatMap(({ ttft, duration }) => (ttft === null || duration <= 0 ? [] : [ttft / duration]))
    .sort((a, b) => a - b)
  return shares[Math.floor(shares.length / 2)] ?? 1
}
