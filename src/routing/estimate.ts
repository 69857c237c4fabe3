import type { Channel, Deployment, RoutingRequest } from "../core/routing.ts"
import type { Traffic } from "../core/traffic.ts"

/** Output tokens that an answer is guessed to have while none was seen. */
const USUAL_OUTPUT = 500
/** A stream that has waited for so many times the mean is late: hardly any does where nothing has changed. */
const LATE = 2
/** Share of the mean that a late one makes up, as its sample will at least, and how many are looked at. */
const LATE_SHARE = 0.05
const MOST_LATE = 60
/** Share of the time to the first content that a prompt from the cache saves, about, where nothing is known. */
const CACHE_SAVES = 0.5
/** Success rate that is reckoned with at least, so that one failure is no sentence for ever. */
const LEAST_SUCCESS = 0.1

/** The deployments of some channels, each once; keys of one deployment stand together. */
export function deploymentsOf(channels: readonly Channel[]): Deployment[] {
  const deployments: Deployment[] = []
  for (const { deployment } of channels) {
    if (deployments[deployments.length - 1] !== deployment) deployments.push(deployment)
  }
  return deployments
}

/** Output tokens that an attempt on a deployment is expected to have. */
export function expectedOutputOf(request: RoutingRequest, { health }: Deployment): number {
  const { value } = health.traffic.output
  const usual = Number.isNaN(value) ? USUAL_OUTPUT : value
  return Math.min(usual, request.maxTokens ?? usual)
}

/**
 * Output tokens that this request is expected to have: as many as answers of these deployments had,
 * at most what the caller takes. The same for all of them, since chance alone makes their means differ.
 */
export function expectedOutput(
  request: RoutingRequest,
  deployments: readonly Deployment[],
): number {
  let sum = 0
  let known = 0
  for (const { health } of deployments) {
    const { value } = health.traffic.output
    if (Number.isNaN(value)) continue
    sum += value
    known++
  }
  const usual = known > 0 ? sum / known : USUAL_OUTPUT
  return Math.min(usual, request.maxTokens ?? usual)
}

/**
 * Expected price of a request in nano-USD; null is unpriced.
 *
 * @param cached share of the input that the prompt cache is expected to hold, from 0 to 1
 */
export function expectedCost(
  deployment: Deployment,
  input: number,
  output: number,
  cached: number,
): number | null {
  return deployment.cost({
    input,
    output: Math.ceil(output),
    cacheRead: Math.floor(input * cached),
    cacheWrite: 0,
    reasoning: 0,
  })
}

/** Share of the input that came from the prompt cache lately; 0 while unknown. */
export function cacheShare({ cacheHits }: Traffic): number {
  return Math.min(1, cacheHits.value || 0)
}

/** Share of attempts that go well, as far as is known. */
export function successRate({ success }: Traffic): number {
  return Number.isNaN(success.value) ? 1 : Math.max(success.value, LEAST_SUCCESS)
}

/**
 * Milliseconds to the first content of a request; NaN while unknown. The mean is of the requests that a
 * deployment happened to get, so it is reckoned from their usual size to this one's, as far as it is
 * known what sizes do.
 *
 * @param input tokens
 * @param cached share of them that the prompt cache is expected to hold, from 0 to 1
 */
export function expectedTtft(traffic: Traffic, now: number, input: number, cached: number): number {
  const { ttft } = traffic
  const usual = usualTtft(traffic, now)
  const { trust } = ttft
  const flat = coldness(cached) / coldness(cacheShare(traffic))
  if (trust === 0) return usual * flat
  const sized = ttft.of(input * (1 - cached)) / Math.max(1, ttft.value)
  return usual * (flat + trust * (sized - flat))
}

/** How much of its time a request needs that has this share of its input in the cache. */
const coldness = (cached: number) => 1 - CACHE_SAVES * cached

/**
 * Milliseconds to the first content of the usual request; NaN while unknown. Streams that are late count already, as though
 * their content came now: a deployment that became ten times slower is noticed before its first slow
 * answer is there.
 */
function usualTtft({ ttft, waiting, inFlight }: Traffic, now: number): number {
  let expected = ttft.value
  if (inFlight === 0) return expected
  let looked = 0
  for (const began of waiting) {
    const age = now - began
    if (!(age > LATE * ttft.value) || looked++ === MOST_LATE) break
    if (age > expected) expected += LATE_SHARE * (age - expected)
  }
  return expected
}

/**
 * How busy a deployment is for its weight, with a draw among those that are busy alike which falls in
 * proportion to the weights; Infinity for weight 0. In [0, 1) as a share: see {@link place}.
 */
export function load({ weight, health }: Deployment, random: number): number {
  if (weight === 0) return Number.POSITIVE_INFINITY
  return (health.traffic.inFlight - Math.log(1 - random)) / weight
}

/** A load as a number in [0, 1], in the same order. */
export function place(load: number): number {
  return 1 - 1 / (1 + load)
}
