import type { Channel, RoutingRequest } from "../core/routing.ts"
import type { LearnedLimit } from "../core/traffic.ts"
import { type Binding, isWarm, type Place } from "./bindings.ts"
import { cacheShare, expectedCost, expectedTtft, successRate } from "./estimate.ts"
import { MILLISECOND } from "./worth.ts"

/** Share of a streamed token's time that counts: it is read while it comes. */
const STREAMED = 0.01
/** Input tokens below which upstreams cache nothing. */
export const LEAST_CACHED = 1024
/** Milliseconds that a failed attempt costs beside the time that the next one takes. */
const FAILURE = 500
/** Share of a limit from which on it is felt, and the milliseconds that a limit counts which is used up. */
const PRESSED = 0.8
const PRESSURE = 400

/** What one request is expected to take on one channel, in milliseconds; money counts by {@link MILLISECOND}. */
export interface Appraisal {
  /** To the first content, or to the end where it does not stream; NaN while unknown. */
  time: number
  /** The rest of a stream. */
  generation: number
  /** The expected price; NaN is unpriced. */
  cost: number
  /** What failures of the past foretell. */
  risk: number
  /** How near it is to limits: its own and told ones. */
  pressure: number
}

/** What is the same for all channels that one request may go to. */
export interface Matter {
  readonly request: RoutingRequest
  readonly now: number
  /** Output tokens. */
  readonly output: number
  /** Where the session's prompt caches are; undefined without a session, and where nothing is cached yet. */
  readonly binding: Binding | undefined
}

/** What a request is expected to take on a channel. */
export function appraise(channel: Channel, matter: Matter): Appraisal {
  const { deployment } = channel
  const { request, now, output } = matter
  const { traffic } = deployment.health
  const cached = warmShare(channel, matter)
  const perToken = traffic.perToken.value * output
  const time = request.stream ? expectedTtft(traffic, now, request.inputTokens, cached) : perToken
  const price = expectedCost(deployment, request.inputTokens, output, cached)
  const failures = 1 / successRate(channel.health.traffic) - 1
  return {
    time,
    generation: request.stream ? (perToken || 0) * STREAMED : 0,
    cost: price === null ? Number.NaN : price / MILLISECOND,
    risk: failures * (FAILURE + (time || 0)),
    pressure: pressureOf(usedShare(channel, now)),
  }
}

/** Share of the input that the channel is expected to have in its prompt cache. */
function warmShare(channel: Channel, { request, now, binding }: Matter): number {
  if (request.session === undefined) return cacheShare(channel.deployment.health.traffic)
  const place = placeOf(channel, binding)
  if (!place || !isWarm(place, now)) return 0
  return Math.min(1, place.tokens / Math.max(1, request.inputTokens))
}

/** What a session has left on a channel. */
export function placeOf({ id }: Channel, binding: Binding | undefined): Place | undefined {
  if (binding?.current.channel === id) return binding.current
  return binding?.home?.channel === id ? binding.home : undefined
}

/** From 0 where limits are far to PRESSURE where one is used up, and on. */
function pressureOf(used: number): number {
  return used > PRESSED ? PRESSURE * ((used - PRESSED) / (1 - PRESSED)) ** 2 : 0
}

/** How much of the tightest limit is used, as a share. */
function usedShare({ deployment, health }: Channel, now: number): number {
  const { rpm, tpm, parallel } = deployment.limits
  const { traffic } = deployment.health
  const { requests, tokens } = health.traffic.told
  let used = Math.max(told(requests, now), told(tokens, now))
  if (rpm !== undefined) used = Math.max(used, traffic.requests(now) / rpm)
  if (tpm !== undefined) used = Math.max(used, traffic.tokens(now) / tpm)
  if (parallel !== undefined) used = Math.max(used, traffic.inFlight / parallel)
  return used
}

function told(limit: LearnedLimit | undefined, now: number): number {
  if (!limit || limit.resetAt <= now || limit.limit <= 0) return 0
  return 1 - limit.remaining / limit.limit
}

/** The sum of an appraisal's parts, with guesses for what is unknown. */
export function sumOf({ time, generation, cost, risk, pressure }: Appraisal, guess: Guess): number {
  return orElse(time, guess.time) + orElse(cost, guess.cost) + generation + risk + pressure
}

/** What stands for parts that are unknown, in milliseconds. */
export interface Guess {
  time: number
  cost: number
}

/** The value, or the guess where it is unknown. */
export const orElse = (value: number, guess: number) => (Number.isNaN(value) ? guess : value)
