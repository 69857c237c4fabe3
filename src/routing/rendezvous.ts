import type { Channel } from "../core/routing.ts"

/** A number of 32 bits, as a share of all. */
const RANGE = 2 ** 32

/**
 * Where a session belongs, lower is better: each channel draws by a hash of both names, in proportion
 * to its weight (highest random weight hashing, Thaler and Ravishankar, 1996, as a race of exponential
 * draws). The same on every replica, and when a channel goes, only its own sessions move. Infinity for
 * weight 0.
 */
export function drawOf(session: string, { id, deployment: { weight } }: Channel): number {
  if (weight === 0) return Number.POSITIVE_INFINITY
  // Neither 0 nor 1, whose logarithms are no draws.
  const share = (Bun.hash.murmur32v3(`${session} ${id}`) + 0.5) / RANGE
  return -Math.log(share) / weight
}
