import type { LearnedLimit } from "../core/traffic.ts"

/** Milliseconds of a limit whose window has begun anew without an answer that told when it ends. */
const USUAL_WINDOW = 60_000

/**
 * A limit that an upstream's headers told. What is left shrinks with our own requests until the next
 * answer says more, and is whole again when its time has come.
 */
export class ToldLimit implements LearnedLimit {
  limit: number
  remaining: number
  resetAt: number

  constructor({ limit, remaining, resetAt }: LearnedLimit) {
    this.limit = limit
    this.remaining = Math.max(remaining, 0)
    this.resetAt = resetAt
  }

  spend(now: number, amount: number): void {
    if (now >= this.resetAt) {
      this.remaining = Number.isNaN(this.limit) ? Number.POSITIVE_INFINITY : this.limit
      this.resetAt = now + USUAL_WINDOW
    }
    this.remaining = Math.max(0, this.remaining - amount)
  }
}

/** @returns undefined for what makes no sense: without what is left, or without an end */
export function toldLimit(told: LearnedLimit | undefined): ToldLimit | undefined {
  return told && !Number.isNaN(told.remaining + told.resetAt) ? new ToldLimit(told) : undefined
}

/** What is left of a limit at `now`; Infinity where none was told. */
export function leftOf(told: LearnedLimit | undefined, now: number): number {
  if (!told) return Number.POSITIVE_INFINITY
  return now >= told.resetAt ? told.limit : told.remaining
}
