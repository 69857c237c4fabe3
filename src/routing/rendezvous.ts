import type { Channel } from "../core/routing.ts"

/** Numbers of 32 bits. */
const RANGE = 2 ** 32

/** Hashes of the channels' ids, which do not change. */
const hashes = new WeakMap<Channel, number>()

/**
 * Where a session belongs, lower is better: each channel draws by a hash of both names, in proportion
 * to its weight (highest random weight hashing, Thaler and Ravishankar, 1996, as a race of exponential
 * draws). The same on every replica, and when a channel goes, only its own sessions move. Infinity for
 * weight 0.
 */
export function drawsOf(session: string): (channel: Channel) => number {
  const own = Bun.hash.murmur32v3(session)
  return (channel) => {
    const { weight } = channel.deployment
    if (weight === 0) return Number.POSITIVE_INFINITY
    let other = hashes.get(channel)
    if (other === undefined) {
      other = Bun.hash.murmur32v3(channel.id)
      hashes.set(channel, other)
    }
    // Neither 0 nor 1, whose logarithms are no draws.
    return -Math.log((mixed(own ^ mixed(other)) + 0.5) / RANGE) / weight
  }
}

/** The bits of an integer, each mixed into all others (the finaliser of MurmurHash3). */
function mixed(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}
