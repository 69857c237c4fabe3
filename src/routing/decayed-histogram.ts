/** Buckets from 1 ms to about 20 minutes, each a fifth wider than the one before. */
const BUCKETS = 78
const GROWTH = Math.log(1.2)
/** Weight of the samples below which no quantile is told, and above which all count half. */
const FEWEST = 20
const MOST = 500
/** Milliseconds after which samples count half, and how often that is looked after. */
const HALF_LIFE = 300_000
const INTERVAL = 60_000

/** How samples in milliseconds are distributed, old ones fading with time and with later ones. */
export class DecayedHistogram {
  readonly #counts = new Float32Array(BUCKETS)
  #total = 0
  #fadedAt = Number.NaN

  /** Leaves out what is no measurement: negative, infinite or not a number. */
  add(now: number, ms: number): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) return
    const since = now - this.#fadedAt
    if (since >= INTERVAL) this.#fade(2 ** (-since / HALF_LIFE))
    if (!(since < INTERVAL)) this.#fadedAt = now
    if (this.#total >= MOST) this.#fade(0.5)
    this.#counts[bucketOf(ms)]!++
    this.#total++
  }

  /** The value in milliseconds that the share `q` of the samples is not above; NaN while there are too few. */
  quantile(q: number): number {
    if (this.#total < FEWEST) return Number.NaN
    const wanted = q * this.#total
    let below = 0
    let last = 0
    for (let i = 0; i < BUCKETS; i++) {
      const count = this.#counts[i]!
      if (count === 0) continue
      last = i
      if (below + count >= wanted) return edge(i - 1 + Math.max(0, (wanted - below) / count))
      below += count
    }
    return edge(last)
  }

  #fade(share: number): void {
    this.#total = 0
    for (let i = 0; i < BUCKETS; i++) {
      this.#counts[i]! *= share
      this.#total += this.#counts[i]!
    }
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    return { counts: this.#counts.slice(), total: this.#total, fadedAt: this.#fadedAt }
  }

  load({ counts, total, fadedAt }: ReturnType<DecayedHistogram["save"]>): void {
    this.#counts.set(counts)
    this.#total = total
    this.#fadedAt = fadedAt
  }
}

function bucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / GROWTH))
}

/** Where a bucket ends, and between two of them what lies there as ratios go. */
function edge(index: number): number {
  return Math.exp(Math.max(0, index) * GROWTH)
}
