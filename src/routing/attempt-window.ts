/** The window is counted in tenths, and the one that is not over: what is within it is never left out. */
const SLOTS = 11

/** How many of the attempts that ended in a sliding window have failed. */
export class AttemptWindow {
  readonly #attempts = new Uint32Array(SLOTS)
  readonly #failures = new Uint32Array(SLOTS)
  #slot = 0
  #newest = Number.NEGATIVE_INFINITY
  attempts = 0
  failures = 0

  /** @param window milliseconds; when it changes, counting begins anew */
  add(now: number, window: number, failed: boolean): void {
    const slot = Math.max(1, window / (SLOTS - 1))
    if (slot !== this.#slot) this.clear()
    this.#slot = slot
    this.#slide(Math.floor(now / slot))
    const at = this.#newest % SLOTS
    this.#attempts[at]!++
    this.attempts++
    if (!failed) return
    this.#failures[at]!++
    this.failures++
  }

  clear(): void {
    this.#newest = Number.NEGATIVE_INFINITY
  }

  #slide(slot: number): void {
    const over = slot - this.#newest
    if (!(over > 0)) return
    if (over >= SLOTS) {
      this.#attempts.fill(0)
      this.#failures.fill(0)
      this.attempts = 0
      this.failures = 0
    } else {
      for (let old = this.#newest + 1; old <= slot; old++) {
        const at = old % SLOTS
        this.attempts -= this.#attempts[at]!
        this.failures -= this.#failures[at]!
        this.#attempts[at] = 0
        this.#failures[at] = 0
      }
    }
    this.#newest = slot
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    const { attempts, failures } = this
    const slots = [this.#attempts.slice(), this.#failures.slice()] as const
    return { slots, slot: this.#slot, newest: this.#newest, attempts, failures }
  }

  load({ slots, slot, newest, attempts, failures }: ReturnType<AttemptWindow["save"]>): void {
    this.#attempts.set(slots[0])
    this.#failures.set(slots[1])
    this.#slot = slot
    this.#newest = newest
    this.attempts = attempts
    this.failures = failures
  }
}
