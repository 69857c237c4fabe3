import type { Average } from "../core/traffic.ts"

/** Milliseconds after which all earlier samples together weigh as much as a new one. */
const HALF_LIFE = 20_000
/** Samples that the mean is of at least, so that a busy channel's is not one of milliseconds. */
const ENOUGH = 20

/**
 * A mean whose old samples fade, with time and with the number of later ones. Of the first few it is
 * the plain mean, so that the very first one is not half of it for long.
 */
export class DecayedMean implements Average {
  value = Number.NaN
  at = Number.NEGATIVE_INFINITY
  #samples = 0

  /** Leaves out what is no measurement: negative, infinite or not a number. */
  add(now: number, sample: number): void {
    if (!(sample >= 0 && sample < Number.POSITIVE_INFINITY)) return
    if (this.#samples < ENOUGH) this.#samples++
    const faded = 1 - 2 ** (-(now - this.at) / HALF_LIFE)
    const share = this.#samples === 1 ? 1 : Math.max(faded, 1 / this.#samples)
    this.value = share === 1 ? sample : this.value + share * (sample - this.value)
    if (now > this.at) this.at = now
  }
}
