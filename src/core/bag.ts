/** What a bag can hold: it knows where it is, which its bag alone sets, so that it is in one at most. */
export interface Bagged {
  place?: number
}

/**
 * What is there now, in no order, where all comes and goes: both cost the same however much there is. A
 * `Set` is not made for that: each of its tables that were outgrown, or filled with what was deleted, keeps
 * alive what was in it, and the next table, until the old generation is collected, too.
 */
export class Bag<Value extends Bagged> {
  readonly #values: Value[] = []

  get size(): number {
    return this.#values.length
  }

  has(value: Value): boolean {
    return this.#values[value.place ?? -1] === value
  }

  /** Puts it in, where it is not. */
  add(value: Value): void {
    if (this.has(value)) return
    value.place = this.#values.length
    this.#values.push(value)
  }

  /** Takes it out. @returns whether it was there */
  delete(value: Value): boolean {
    if (!this.has(value)) return false
    const last = this.#values.pop()!
    if (last !== value) {
      last.place = value.place!
      this.#values[last.place] = last
    }
    return true
  }

  /** Calls it with all that are there. What comes meanwhile need not be among them; where others go, one may come twice. */
  forEach(take: (value: Value) => void): void {
    // From behind: what takes the place of one that goes has had its turn.
    for (let at = this.#values.length - 1; at >= 0; at--) {
      const value = this.#values[at]
      if (value) take(value)
    }
  }
}
