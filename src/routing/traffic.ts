import type { Measured, ToldLimits, Traffic } from "../core/traffic.ts"
import { DecayedHistogram } from "./decayed-histogram.ts"
import { DecayedMean } from "./decayed-mean.ts"
import { MinuteWindow } from "./minute-window.ts"
import { SizedMean } from "./sized-mean.ts"
import type { Slope } from "./slope.ts"
import { type ToldLimit, toldLimit } from "./told-limit.ts"
import { Waiting } from "./waiting.ts"

/** Milliseconds after which used tokens count half. */
const USAGE_HALF_LIFE = 300_000

/**
 * The figures of one channel, or of one deployment. What an attempt is expected to use counts from its
 * begin, so that those who come meanwhile see it; its end corrects that.
 */
export class LiveTraffic implements Traffic {
  inFlight = 0
  /** Monotonic milliseconds of the last attempt's begin; -Infinity before the first. */
  usedAt = Number.NEGATIVE_INFINITY
  readonly ttft: SizedMean
  readonly perToken = new DecayedMean()
  readonly success = new DecayedMean()
  readonly cacheHits = new DecayedMean()
  readonly output = new DecayedMean()
  readonly told: { requests: ToldLimit | undefined; tokens: ToldLimit | undefined } = {
    requests: undefined,
    tokens: undefined,
  }
  /** Streams without their first content. */
  readonly waiting = new Waiting()
  readonly #requests = new MinuteWindow()
  readonly #tokens = new MinuteWindow()
  readonly #firsts = new DecayedHistogram()
  #usage = 0
  #usageAt = 0

  /** @param reading how the time to the first content grows with the input anywhere */
  constructor(reading?: Slope) {
    this.ttft = new SizedMean(reading)
  }

  usage(now: number): number {
    return now > this.#usageAt ? this.#usage * fading(now - this.#usageAt) : this.#usage
  }

  requests(now: number): number {
    return this.#requests.sum(now)
  }

  tokens(now: number): number {
    return this.#tokens.sum(now)
  }

  freeAt(now: number, what: "requests" | "tokens", most: number): number {
    return (what === "requests" ? this.#requests : this.#tokens).freeAt(now, most)
  }

  quantile(q: number): number {
    return this.#firsts.quantile(q)
  }

  /** @param expected tokens that the attempt will use, guessed */
  begin(now: number, expected: number): void {
    this.inFlight++
    this.usedAt = now
    this.#requests.add(now, 1)
    this.told.requests?.spend(now, 1)
    if (expected === 0) return
    this.#use(now, expected)
    this.#tokens.add(now, expected)
    this.told.tokens?.spend(now, expected)
  }

  end(): void {
    if (this.inFlight > 0) this.inFlight--
  }

  /**
   * Puts what an attempt has really used in the place of what was expected of it. What is too much is
   * taken back from the second in which it was reserved, what is missing is used now. A number that
   * makes no sense changes nothing.
   */
  settle(now: number, began: number, expected: number, used: number): void {
    if (used > expected && used < Number.POSITIVE_INFINITY) {
      this.#use(now, used - expected)
      this.#tokens.add(now, used - expected)
    } else if (used >= 0 && used < expected) {
      const faded = (expected - used) * (now > began ? fading(now - began) : 1)
      this.#usage = Math.max(0, this.usage(now) - faded)
      this.#usageAt = Math.max(now, this.#usageAt)
      this.#tokens.refund(now, began, expected - used)
    }
  }

  /** @param input tokens, guessed; NaN where nothing is known */
  firstContent(now: number, ms: number, input = Number.NaN): void {
    this.ttft.add(now, ms, input * (1 - (this.cacheHits.value || 0)))
    this.#firsts.add(now, ms)
  }

  /**
   * @param first milliseconds to the first content, as far as it is known
   * @param guessed tokens of the input; NaN where nothing is known
   */
  succeeded(
    now: number,
    measured: Measured | undefined,
    first: number | undefined,
    guessed = Number.NaN,
  ): void {
    this.success.add(now, 1)
    if (!measured) return
    const { input = 0, output = 0, cacheRead = 0, duration, stream } = measured
    const cached = input > 0 ? Math.min(1, cacheRead / input) : Number.NaN
    // Sizes are guessed before a request and told after it: to compare them, both are guessed ones.
    if (stream && first !== undefined) this.ttft.learn(now, first, guessed * (1 - cached))
    this.cacheHits.add(now, cached)
    if (output > 0) {
      this.output.add(now, output)
      this.perToken.add(now, (duration - (stream ? (first ?? 0) : 0)) / output)
    }
  }

  failed(now: number): void {
    this.success.add(now, 0)
  }

  tell({ requests, tokens }: ToldLimits): void {
    this.told.requests = toldLimit(requests) ?? this.told.requests
    this.told.tokens = toldLimit(tokens) ?? this.told.tokens
  }

  #use(now: number, amount: number): void {
    this.#usage = this.usage(now) + amount
    this.#usageAt = Math.max(now, this.#usageAt)
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    const { inFlight, usedAt } = this
    const { requests, tokens } = this.told
    return {
      inFlight,
      usedAt,
      means: this.#means().map((mean) => mean.save()),
      ttft: this.ttft.save(),
      told: { requests: requests && { ...requests }, tokens: tokens && { ...tokens } },
      waiting: this.waiting.save(),
      windows: [this.#requests.save(), this.#tokens.save()] as const,
      firsts: this.#firsts.save(),
      usage: [this.#usage, this.#usageAt] as const,
    }
  }

  load(saved: ReturnType<LiveTraffic["save"]>): void {
    this.inFlight = saved.inFlight
    this.usedAt = saved.usedAt
    for (const [index, mean] of this.#means().entries()) mean.load(saved.means[index]!)
    this.ttft.load(saved.ttft)
    this.told.requests = toldLimit(saved.told.requests)
    this.told.tokens = toldLimit(saved.told.tokens)
    this.waiting.load(saved.waiting)
    this.#requests.load(saved.windows[0])
    this.#tokens.load(saved.windows[1])
    this.#firsts.load(saved.firsts)
    ;[this.#usage, this.#usageAt] = saved.usage
  }

  #means(): readonly DecayedMean[] {
    return [this.perToken, this.success, this.cacheHits, this.output]
  }
}

/** What is left after so many milliseconds, as a share. */
function fading(ms: number): number {
  const exponent = ms * DECAY
  // The power's own series, exact to the twelfth digit: under load little time passes between two uses.
  return exponent < NEAR ? 1 - exponent + (exponent * exponent) / 2 : Math.exp(-exponent)
}

const DECAY = Math.LN2 / USAGE_HALF_LIFE
const NEAR = 1e-4
