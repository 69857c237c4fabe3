/** Numbers in [0, 1) that are the same for the same seed: Marsaglia's xorshift over 32 bits. */
export function seeded(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
