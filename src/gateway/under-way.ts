import type { AttemptRecord } from "../core/route-record.ts"
import type { Trial } from "../routing/health.ts"

/**
 * Attempts of one exchange whose answers have not begun, and what is known of them. A class, since every
 * request has one: nearly always there is one attempt, for which no map is made.
 */
export class UnderWay {
  #record: AttemptRecord | undefined
  #trial: Trial | undefined
  #others: Map<AttemptRecord, Trial> | undefined

  get size(): number {
    return (this.#record ? 1 : 0) + (this.#others?.size ?? 0)
  }

  add(record: AttemptRecord, trial: Trial): void {
    if (this.#record) {
      this.#others ??= new Map()
      this.#others.set(record, trial)
    } else {
      this.#record = record
      this.#trial = trial
    }
  }

  /** @returns whether it was there */
  delete(record: AttemptRecord): boolean {
    if (this.#record !== record) return this.#others?.delete(record) ?? false
    this.#record = undefined
    this.#trial = undefined
    return true
  }

  /** Takes all of them out. */
  clear(take: (record: AttemptRecord, trial: Trial) => void): void {
    const record = this.#record
    const trial = this.#trial
    const others = this.#others
    this.#record = undefined
    this.#trial = undefined
    this.#others = undefined
    if (record && trial) take(record, trial)
    if (others) for (const [each, its] of others) take(each, its)
  }
}
