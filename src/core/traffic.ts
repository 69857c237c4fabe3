/** A mean in which old samples fade. */
export interface Average {
  /** NaN until the first sample. */
  readonly value: number
  /** Monotonic milliseconds of the last sample; -Infinity before. */
  readonly at: number
}

/** A mean time that grows with the size of the input. */
export interface SizedAverage extends Average {
  /** What is expected with so many tokens of input that are not cached; NaN until the first sample. */
  of(tokens: number): number
  /** How far that stands out from chance, from 0 to 1. */
  readonly trust: number
}

/** A rate limit as an upstream's headers tell it. */
export interface LearnedLimit {
  /** A window's allowance; NaN where only what is left was told. */
  readonly limit: number
  readonly remaining: number
  /** Monotonic milliseconds when it is whole again. */
  readonly resetAt: number
}

/** Limits that one answer's headers told. */
export interface ToldLimits {
  requests?: LearnedLimit | undefined
  tokens?: LearnedLimit | undefined
}

/** Live figures of a channel or a deployment, from its own traffic. */
export interface Traffic {
  /** Attempts under way. */
  readonly inFlight: number
  /** Begins of those streams that wait for their first content (monotonic ms), the oldest first. */
  readonly waiting: Iterable<number>
  /** Milliseconds from an attempt to its first content, of streams. */
  readonly ttft: SizedAverage
  /** Milliseconds per output token, of whole answers and of streams from their first content on. */
  readonly perToken: Average
  /** 1 for an attempt that went well, 0 for one that failed by the upstream's fault. */
  readonly success: Average
  /** Share of the input that came from the prompt cache. */
  readonly cacheHits: Average
  /** Output tokens of an answer. */
  readonly output: Average
  /** Tokens with exponential decay, at `now` (monotonic ms). */
  usage(now: number): number
  /** Attempts begun, and tokens used or expected, in the minute before `now`. */
  requests(now: number): number
  tokens(now: number): number
  /** When no more than `most` of those will be left in the minute before: `now`, or a later monotonic time. */
  freeAt(now: number, what: "requests" | "tokens", most: number): number
  /** The time below which the share `q` of first contents came, in ms; NaN while too few have. */
  quantile(q: number): number
  readonly told: ToldLimits
}

/** What an attempt turned out to be, for the figures. */
export interface Measured {
  /** Milliseconds from the attempt to its first content, and to its end. */
  ttft?: number | undefined
  duration: number
  stream: boolean
  /** Tokens, where the upstream said. */
  input?: number | undefined
  output?: number | undefined
  cacheRead?: number | undefined
}
