/** A minute, and the second that is not over: what is within the last minute is never left out. */
const SLOTS = 61

/**
 * The sum of the last minute, by seconds. It slides: there is no edge at which twice as much would
 * fit. A clock that goes back is taken to stand still.
 */
export class MinuteWindow {
  readonly #sums = new Float64Array(SLOTS)
  /** The newest second that is in it; those before are dropped when a later one comes. */
  #newest = Number.NEGATIVE_INFINITY
  #total = 0

  add(now: number, amount: number): void {
    this.#slide(now)
    this.#sums[this.#newest % SLOTS]! += amount
    this.#total += amount
  }

  /** Takes back what was added at `then`, unless it has dropped out meanwhile. */
  refund(now: number, then: number, amount: number): void {
    this.#slide(now)
    const second = Math.floor(then / 1000)
    if (second <= this.#newest - SLOTS) return
    const slot = second % SLOTS
    const taken = Math.min(amount, this.#sums[slot]!)
    this.#sums[slot]! -= taken
    this.#total = Math.max(0, this.#total - taken)
  }

  sum(now: number): number {
    this.#slide(now)
    return this.#total
  }

  /** When no more than `most` of what is in it now will be left: `now`, or a later monotonic time. */
  freeAt(now: number, most: number): number {
    this.#slide(now)
    let left = this.#total
    for (let age = SLOTS - 1; age >= 0 && left > most; age--) {
      const second = this.#newest - age
      left -= this.#sums[(second + SLOTS) % SLOTS]!
      if (left <= most) return (second + SLOTS) * 1000
    }
    return now
  }

  #slide(now: number): void {
    const second = Math.floor(now / 1000)
    const over = second - this.#newest
    if (!(over > 0)) return
    if (over >= SLOTS) {
      this.#sums.fill(0)
      this.#total = 0
    } else {
      for (let old = this.#newest + 1; old <= second; old++) {
        this.#total -= this.#sums[old % SLOTS]!
        this.#sums[old % SLOTS] = 0
      }
      if (this.#total < 0) this.#total = 0
    }
    this.#newest = second
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    return { sums: this.#sums.slice(), newest: this.#newest, total: this.#total }
  }

  load({ sums, newest, total }: ReturnType<MinuteWindow["save"]>): void {
    this.#sums.set(sums)
    this.#newest = newest
    this.#total = total
  }
}
