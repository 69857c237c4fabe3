/** The begins of attempts that wait for something: monotonic milliseconds, the oldest first. */
export class Waiting implements Iterable<number> {
  /** How many began at each time, in the order of time, since it does not go back. */
  readonly #begins = new Map<number, number>()

  add(began: number): void {
    this.#begins.set(began, (this.#begins.get(began) ?? 0) + 1)
  }

  remove(began: number): void {
    const count = this.#begins.get(began)
    if (count === undefined) return
    if (count > 1) this.#begins.set(began, count - 1)
    else this.#begins.delete(began)
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#begins.keys()
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    return new Map(this.#begins)
  }

  load(saved: ReturnType<Waiting["save"]>): void {
    this.#begins.clear()
    for (const [began, count] of saved) this.#begins.set(began, count)
  }
}
