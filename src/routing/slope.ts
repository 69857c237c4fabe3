/** Milliseconds after which samples count half, and how many of them count at most. */
const HALF_LIFE = 600_000
const MOST = 2000
/** Samples from which on it can be told how far they scatter. */
const FEWEST = 3

/**
 * How much one thing grows with another, from pairs of deviations from their usual values: the line
 * through the origin for which the sum of squares is least. Old pairs fade.
 */
export class Slope {
  #weight = 0
  #at = Number.NEGATIVE_INFINITY
  /** Means of the products. */
  #xx = 0
  #xy = 0
  #yy = 0

  /** @param now monotonic milliseconds */
  add(now: number, x: number, y: number): void {
    const age = Math.max(0, now - this.#at)
    this.#weight = this.#weight * Math.min(2 ** (-age / HALF_LIFE), 1 - 1 / MOST) + 1
    this.#at = now
    const share = 1 / this.#weight
    this.#xx += share * (x * x - this.#xx)
    this.#xy += share * (x * y - this.#xy)
    this.#yy += share * (y * y - this.#yy)
  }

  /** Never negative. */
  get value(): number {
    return this.#xy > 0 ? this.#xy / this.#xx : 0
  }

  /** The square of what `value` may be wrong by; Infinity while that cannot be told. */
  get variance(): number {
    if (this.#weight < FEWEST || !(this.#xx > 0)) return Number.POSITIVE_INFINITY
    const rest = Math.max(0, this.#yy - (this.#xy * this.#xy) / this.#xx)
    return rest / (this.#xx * (this.#weight - 1))
  }

  /** How far it stands out from chance, from 0 to 1. */
  get trust(): number {
    const square = this.value ** 2
    return square > this.variance ? 1 - this.variance / square : 0
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    const means = [this.#xx, this.#xy, this.#yy] as const
    return { weight: this.#weight, at: this.#at, means }
  }

  load({ weight, at, means }: ReturnType<Slope["save"]>): void {
    this.#weight = weight
    this.#at = at
    ;[this.#xx, this.#xy, this.#yy] = means
  }
}
