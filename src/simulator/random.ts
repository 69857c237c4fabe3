/** A stream of numbers in [0, 1) that a seed decides (mulberry32's scheme: a Weyl sequence, mixed). */
export function createRandom(seed: number): () => number {
  let state = mix(seed)
  return () => {
    state = (state + 0x9e3779b9) | 0
    return (mix(state) >>> 0) / 4294967296
  }
}

/** Mixes the bits of a 32-bit integer, each into all others (a finaliser of murmur's kind). */
export function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return x ^ (x >>> 16)
}

/** A number in [0, 1) that belongs to two integers: the same in every run and in any order of asking. */
export function dice(a: number, b: number): number {
  return (mix(mix(a) ^ Math.imul(b + 1, 0x9e3779b9)) >>> 0) / 4294967296
}

/** A standard normal number from two uniform ones (Box and Muller, 1958). */
export function normal(u: number, v: number): number {
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
}

/** An exponentially distributed number with the mean 1. */
export function exponential(u: number): number {
  return -Math.log(1 - u)
}
