import type { Average } from "../core/traffic.ts"

/** Milliseconds after which all earlier samples together weigh as much as a new one, where things change. */
const HALF_LIFE = 20_000
/** Samples that the mean is of at least, so that a busy channel's is not one of milliseconds. */
const ENOUGH = 20
/** How many times as long, and as many, where nothing changes. */
const STEADY = 10
/** Errors of which more than this share adds up are a change; of mere chance, most cancel each other. */
const CHANGE = 0.5

/**
 * A mean whose old samples fade, with time and with the number of later ones. Of the first few it is
 * the plain mean, so that the very first one is not half of it for long. As long as its errors cancel
 * each other, it is of ten times as many samples: so chance moves it little, and a change moves it soon.
 */
export class DecayedMean implements Average {
  value = Number.NaN
  at = Number.NEGATIVE_INFINITY
  #samples = 0
  /** Decayed means of the errors and of their sizes. */
  #error = 0
  #errors = 0

  /**
   * Leaves out what is no measurement: negative, infinite or not a number.
   *
   * @param error by how much the sample is not what was expected
   * @returns the share that the sample makes up of the mean now
   */
  add(now: number, sample: number, error = sample - this.value): number {
    if (!(sample >= 0 && sample < Number.POSITIVE_INFINITY)) return 0
    if (this.#samples < ENOUGH * STEADY) this.#samples++
    const age = now - this.at
    if (now > this.at) this.at = now
    if (this.#samples === 1) {
      this.value = sample
      return 1
    }
    const quick = atLeast(1 / Math.min(this.#samples, ENOUGH), age)
    this.#error += quick * (error - this.#error)
    this.#errors += quick * (Math.abs(error) - this.#errors)
    const changes = Math.abs(this.#error) > CHANGE * this.#errors
    const share = changes ? quick : atLeast(1 / this.#samples, age / STEADY)
    this.value = share === 1 ? sample : this.value + share * (sample - this.value)
    return share
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    const { value, at } = this
    return { value, at, samples: this.#samples, error: this.#error, errors: this.#errors }
  }

  load({ value, at, samples, error, errors }: ReturnType<DecayedMean["save"]>): void {
    this.value = value
    this.at = at
    this.#samples = samples
    this.#error = error
    this.#errors = errors
  }
}

/** The share that has faded in so many milliseconds, but no less than another one. */
function atLeast(share: number, ms: number): number {
  // It never fades faster than in the first moment: most samples come so soon that nothing has to be raised.
  if (ms * STEEPEST <= share) return share
  return Math.max(1 - 2 ** (-ms / HALF_LIFE), share)
}

/** What fades in the first millisecond. */
const STEEPEST = Math.LN2 / HALF_LIFE
