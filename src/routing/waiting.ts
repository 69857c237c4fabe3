/** The begins of attempts that wait for something. */
export class Waiting {
  /** How many began at each time, the oldest first, since time does not go back. */
  readonly #begins = new Map<number, number>()

  /** Monotonic milliseconds when the oldest of them began; Infinity when there is none. */
  get since(): number {
    for (const began of this.#begins.keys()) return began
    return Number.POSITIVE_INFINITY
  }

  add(began: number): void {
    this.#begins.set(began, (this.#begins.get(began) ?? 0) + 1)
  }

  remove(began: number): void {
    const count = this.#begins.get(began)
    if (count === undefined) return
    if (count > 1) this.#begins.set(began, count - 1)
    else this.#begins.delete(began)
  }
}
