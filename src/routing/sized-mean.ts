import type { SizedAverage } from "../core/traffic.ts"
import { DecayedMean } from "./decayed-mean.ts"
import { Slope } from "./slope.ts"

/** Share of the mean that reading the input makes up at most. */
const READING = 0.9

/**
 * A mean time together with the mean size that it belongs to, and how much it grows with the size. The
 * mean follows changes within seconds. The growth is learned over many minutes, from how far samples
 * are off the mean of their time, so that slow times with long inputs do not look like it. It is first
 * taken to be what it is anywhere, and its own samples count the more, the surer they are.
 */
export class SizedMean implements SizedAverage {
  readonly #mean = new DecayedMean()
  readonly #own = new Slope()
  readonly #anywhere: Slope
  #size = Number.NaN

  /** @param anywhere the growth of all that are alike; each of them adds to it */
  constructor(anywhere = new Slope()) {
    this.#anywhere = anywhere
  }

  get value(): number {
    return this.#mean.value
  }

  get at(): number {
    return this.#mean.at
  }

  get trust(): number {
    return Number.isNaN(this.#size) ? 0 : this.#anywhere.trust
  }

  of(size: number): number {
    return this.value + (Number.isNaN(this.#size) ? 0 : this.#growth() * (size - this.#size))
  }

  /** @param size NaN where it is not known: then it is taken for a usual one */
  add(now: number, ms: number, size: number): void {
    const sized = isMeasure(size) && this.#size >= 0
    const usual = this.value + (sized ? this.trust * (this.of(size) - this.value) : 0)
    const share = this.#mean.add(now, ms, ms - usual)
    if (sized) this.#size += share * (size - this.#size)
    else if (isMeasure(size) && share > 0) this.#size = size
  }

  /** Learns how times grow with sizes, from a sample whose size is known for certain. */
  learn(now: number, ms: number, size: number): void {
    if (!isMeasure(ms) || !isMeasure(size) || Number.isNaN(this.#size)) return
    // Errors grow with what is expected, so it is shares that are compared.
    const usual = Math.max(1, this.of(size))
    const x = (size - this.#size) / usual
    const y = (ms - this.value) / usual
    this.#own.add(now, x, y)
    this.#anywhere.add(now, x, y)
  }

  #growth(): number {
    const usual = this.#anywhere.value
    if (usual === 0) return 0
    const { value, variance } = this.#own
    // Before anything is seen of this one, its growth is the usual one, more or less as much again.
    const spread = usual * usual
    const own = Number.isFinite(variance) ? spread / (spread + variance) : 0
    return Math.min(usual + own * (value - usual), (READING * this.value) / Math.max(1, this.#size))
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    const [own, anywhere] = [this.#own.save(), this.#anywhere.save()]
    return { mean: this.#mean.save(), own, anywhere, size: this.#size }
  }

  load({ mean, own, anywhere, size }: ReturnType<SizedMean["save"]>): void {
    this.#anywhere.load(anywhere)
    this.#mean.load(mean)
    this.#own.load(own)
    this.#size = size
  }
}

function isMeasure(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY
}
