import type { ErrorKind } from "../core/error.ts"
import type { ToldLimits } from "../core/traffic.ts"
import type { Course } from "./course.ts"
import { createBucket } from "./quota.ts"
import { dice, normal } from "./random.ts"
import type { VirtualRequest } from "./request.ts"

/** What an upstream does with one request. */
export type Answer =
  | {
      readonly ok: true
      /** Milliseconds to its first content, and to its end. */
      readonly ttft: number
      readonly duration: number
      /** Input tokens from the prompt cache, and written to it. */
      readonly cacheRead: number
    }
  | {
      readonly ok: false
      readonly kind: ErrorKind
      /** Milliseconds until it fails; Infinity when the router has to give up. */
      readonly after: number
      readonly retryAfterMs?: number
      readonly reason?: "context-length" | "overloaded"
    }

/** How an upstream behaves. Times are in milliseconds. */
export interface Behaviour {
  readonly ttft: number
  readonly perToken: number
  /** For each input token that is not cached. */
  readonly prefill: number
  readonly noise: number
  readonly window: number
  readonly rpm: number | undefined
  readonly tpm: number | undefined
  readonly retryAfter: boolean
  readonly headers: boolean
  readonly overload: "slow" | "refuse"
  readonly cache: { readonly ttl: number; readonly minimum: number } | undefined
  readonly course: Course
  /** First contents and whole answers as they once were, instead of the formula. */
  sample?(request: VirtualRequest, now: number): { ttft: number; duration: number }
}

/** One key of a virtual upstream, with what its requests have used up. */
export interface VirtualUpstream {
  /**
   * What it would do with a request now. Changes nothing.
   *
   * @param blind without what luck adds: as the best one can foresee it who knows everything else
   */
  look(request: VirtualRequest, now: number, blind?: boolean): Answer
  /** Lets it do that: limits are used up, the cache is filled, and its place is taken until `leave`. */
  enter(request: VirtualRequest, now: number, answer: Answer): void
  leave(): void
  /** The first time from `now` on when limits and outages let it serve the request; Infinity is never. */
  ready(request: VirtualRequest, now: number): number
  /** Whether no outage that hits everything hits it at a time. */
  well(now: number): boolean
  /** Whether it takes its key at a time. */
  authorised(now: number): boolean
  /** What its headers tell of its limits. */
  told(now: number): ToldLimits | undefined
}

/** Milliseconds in which an upstream says no. */
const REFUSAL = 40
const CRASH = 150

const FAILURES = {
  "server-error": { ok: false, kind: "upstream-error", after: CRASH },
  refused: { ok: false, kind: "upstream-unreachable", after: 1 },
  unreachable: { ok: false, kind: "upstream-unreachable", after: Number.POSITIVE_INFINITY },
  hang: { ok: false, kind: "upstream-timeout", after: Number.POSITIVE_INFINITY },
  unauthorized: { ok: false, kind: "upstream-unauthorized", after: REFUSAL },
} as const satisfies Record<string, Answer>
const OVERLOADED: Answer = {
  ok: false,
  kind: "upstream-error",
  after: REFUSAL,
  reason: "overloaded",
}
const TOO_LONG: Answer = {
  ok: false,
  kind: "upstream-rejected",
  after: REFUSAL,
  reason: "context-length",
}

export interface UpstreamParts {
  behaviour: Behaviour
  /** Which key of its deployment it is, and which channel of all. */
  key: number
  index: number
  /** Requests that the deployment has in hand, over all of its keys. */
  load: { inFlight: number }
  seed: number
}

export function createUpstream({
  behaviour,
  key,
  index,
  load,
  seed,
}: UpstreamParts): VirtualUpstream {
  const { course, rpm, tpm, cache, noise, window, prefill } = behaviour
  const requests = rpm === undefined ? undefined : createBucket(rpm)
  const tokens = tpm === undefined ? undefined : createBucket(tpm)
  const kept = new Map<string, { tokens: number; until: number }>()
  const salt = (seed + index * 7919) | 0
  const sizeOf = ({ input, output }: VirtualRequest) => input + output

  function wait(request: VirtualRequest, now: number): number {
    return Math.max(requests?.wait(now, 1) ?? 0, tokens?.wait(now, sizeOf(request)) ?? 0)
  }

  function cached({ session }: VirtualRequest, now: number): number {
    if (!cache || session === undefined) return 0
    const entry = kept.get(session)
    if (!entry || entry.until < now || entry.tokens < cache.minimum) return 0
    return entry.tokens
  }

  /** What its limits and troubles say against a request; undefined is nothing. */
  function refusal(request: VirtualRequest, now: number, blind: boolean): Answer | undefined {
    const trouble = course.trouble(now, key)
    // Each try has its own luck in an outage that hits some of them.
    const luck = blind ? 0.5 : trouble && dice(salt ^ request.index, Math.floor(now))
    if (trouble && luck! < trouble.share) {
      return FAILURES[trouble.error]
    }
    if (sizeOf(request) > window) return TOO_LONG
    const wanted = wait(request, now)
    if (wanted > 0) {
      const retryAfterMs = Math.ceil(wanted / 1000) * 1000
      return {
        ok: false,
        kind: "upstream-rate-limited",
        after: REFUSAL,
        ...(behaviour.retryAfter && Number.isFinite(retryAfterMs) && { retryAfterMs }),
      }
    }
    if (behaviour.overload === "refuse" && load.inFlight >= course.capacity(now)) return OVERLOADED
    return undefined
  }

  return {
    look(request, now, blind = false) {
      const refused = refusal(request, now, blind)
      if (refused) return refused
      const crowd = Math.max(1, (load.inFlight + 1) / course.capacity(now))
      const factor = course.factor(now) * (behaviour.overload === "slow" ? crowd : 1)
      const cacheRead = cached(request, now)
      const past = behaviour.sample?.(request, now)
      if (past) return { ok: true, cacheRead, ...past }
      const luck =
        blind || noise === 0
          ? 1
          : Math.exp(noise * normal(dice(salt, request.index), dice(~salt, request.index)))
      const begin = behaviour.ttft * request.difficulty * luck
      const ttft = factor * (begin + prefill * (request.input - cacheRead))
      return {
        ok: true,
        ttft,
        duration: ttft + factor * behaviour.perToken * request.output,
        cacheRead,
      }
    },
    enter(request, now, answer) {
      load.inFlight++
      if (!answer.ok) return
      requests?.take(now, 1)
      tokens?.take(now, sizeOf(request))
      if (!cache || request.session === undefined) return
      if (kept.size > 10_000) for (const [id, { until }] of kept) if (until < now) kept.delete(id)
      kept.set(request.session, { tokens: request.input, until: now + cache.ttl })
    },
    leave() {
      load.inFlight--
    },
    ready(request, now) {
      if (sizeOf(request) > window) return Number.POSITIVE_INFINITY
      return course.wellFrom(now + wait(request, now), key)
    },
    well: (now) => course.wellFrom(now, key) === now,
    authorised: (now) => course.trouble(now, key)?.error !== "unauthorized",
    told(now) {
      if (!behaviour.headers || (!requests && !tokens)) return undefined
      const limitOf = (bucket: ReturnType<typeof createBucket>) => ({
        limit: bucket.perMinute,
        remaining: Math.max(0, Math.floor(bucket.level(now))),
        resetAt: now + ((bucket.perMinute - bucket.level(now)) * 60_000) / bucket.perMinute,
      })
      return {
        requests: requests && limitOf(requests),
        tokens: tokens && limitOf(tokens),
      }
    },
  }
}
