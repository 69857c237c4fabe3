/** FNV-1a, so that the same request gives the same answer in every version. */
export function hash(text: string): number {
  let state = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
  }
  return state >>> 0
}

/** Numbers in [0, 1) that depend on nothing but the seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An id such as `chatcmpl-demo1f2e3d4c5b6a7988`. */
export function idFrom(prefix: string, seed: number, index = 0): string {
  const hex = [seed, hash(`${prefix}${seed}.${index}`)].map((part) =>
    part.toString(16).padStart(8, "0"),
  )
  return `${prefix}demo${hex.join("")}`
}

/** Seconds since 1970 that belong to a seed: some time in 2025. */
export const createdFrom = (seed: number): number => 1_735_689_600 + (seed % 31_536_000)
