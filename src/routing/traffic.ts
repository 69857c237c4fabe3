import type { Average, LearnedLimit, Measured, ToldLimits, Traffic } from "../core/traffic.ts"

/** Milliseconds after which a sample weighs half, in means by time. */
const HALF_LIFE = 30_000
/** Milliseconds after which used tokens count half. */
const USAGE_HALF_LIFE = 300_000
/** Share of the mean that one sample makes at least, so that a busy channel's mean is not one of milliseconds. */
const LEAST_SHARE = 0.05

/** Traffic that is being written. */
export interface LiveTraffic extends Traffic {
  /** @param tokens that the attempt will use, guessed */
  begin(now: number, tokens: number): void
  end(): void
  firstContent(now: number, ms: number): void
  succeeded(now: number, measured: Measured | undefined): void
  failed(now: number): void
  tell(limits: ToldLimits): void
}

export function createTraffic(): LiveTraffic {
  let inFlight = 0
  const ttft = createAverage()
  const perToken = createAverage()
  const success = createAverage()
  const cacheHits = createAverage()
  const output = createAverage()
  const requests = createMinute()
  const tokens = createMinute()
  const histogram = createHistogram()
  let used = 0
  let usedAt = 0
  const told: { requests?: LearnedLimit | undefined; tokens?: LearnedLimit | undefined } = {}

  const usage = (now: number) => used * 2 ** (-(now - usedAt) / USAGE_HALF_LIFE)

  return {
    get inFlight() {
      return inFlight
    },
    ttft,
    perToken,
    success,
    cacheHits,
    output,
    usage,
    requests: (now) => requests.sum(now),
    tokens: (now) => tokens.sum(now),
    quantile: (q) => histogram.quantile(q),
    told,
    begin(now, expected) {
      inFlight++
      requests.add(now, 1)
      tokens.add(now, expected)
    },
    end() {
      inFlight--
    },
    firstContent(now, ms) {
      ttft.add(now, ms)
      histogram.add(ms)
    },
    succeeded(now, measured) {
      success.add(now, 1)
      if (!measured) return
      const { input = 0, output: made = 0, cacheRead = 0, duration, ttft: first = 0 } = measured
      if (input > 0) cacheHits.add(now, cacheRead / input)
      if (made > 0) {
        output.add(now, made)
        perToken.add(now, (duration - (measured.stream ? first : 0)) / made)
      }
      used = usage(now) + input + made
      usedAt = now
    },
    failed(now) {
      success.add(now, 0)
    },
    tell(limits) {
      if (limits.requests) told.requests = limits.requests
      if (limits.tokens) told.tokens = limits.tokens
    },
  }
}

function createAverage(): Average & { add(now: number, sample: number): void } {
  let value = Number.NaN
  let at = Number.NEGATIVE_INFINITY
  return {
    get value() {
      return value
    },
    get at() {
      return at
    },
    add(now, sample) {
      const kept = Number.isNaN(value)
        ? 0
        : Math.min(1 - LEAST_SHARE, 2 ** (-(now - at) / HALF_LIFE))
      value = kept === 0 ? sample : kept * value + (1 - kept) * sample
      at = now
    },
  }
}

/** Sums over the last minute, by seconds. */
function createMinute() {
  const sums = new Float64Array(60)
  const seconds = new Float64Array(60).fill(-1)
  return {
    add(now: number, amount: number): void {
      const second = Math.floor(now / 1000)
      const slot = second % 60
      if (seconds[slot] !== second) {
        seconds[slot] = second
        sums[slot] = 0
      }
      sums[slot]! += amount
    },
    sum(now: number): number {
      const oldest = Math.floor(now / 1000) - 60
      let total = 0
      for (let slot = 0; slot < 60; slot++) if (seconds[slot]! > oldest) total += sums[slot]!
      return total
    },
  }
}

/** Buckets from 1 ms to about 20 minutes, each a fifth wider than the one before. */
const BUCKETS = 78
const GROWTH = Math.log(1.2)
/** Samples below which no quantile is told, and those after which all count half. */
const FEWEST = 20
const FADE = 500

function createHistogram() {
  const counts = new Float32Array(BUCKETS)
  let total = 0
  return {
    add(ms: number): void {
      const bucket = Math.min(
        BUCKETS - 1,
        Math.max(0, Math.ceil(Math.log(Math.max(ms, 1)) / GROWTH)),
      )
      counts[bucket]!++
      if (++total < FADE) return
      total = 0
      for (let i = 0; i < BUCKETS; i++) {
        counts[i]! /= 2
        total += counts[i]!
      }
    },
    quantile(q: number): number {
      if (total < FEWEST) return Number.NaN
      let left = q * total
      for (let i = 0; i < BUCKETS; i++) {
        left -= counts[i]!
        if (left <= 0) return Math.exp(i * GROWTH)
      }
      return Math.exp((BUCKETS - 1) * GROWTH)
    },
  }
}
