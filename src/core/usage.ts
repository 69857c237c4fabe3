/**
 * Tokens of one exchange. `input` and `output` are inclusive totals; the other counts are parts of
 * them (`cacheRead` and `cacheWrite` of `input`, `reasoning` of `output`).
 */
export interface Usage {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
  reasoning: number
}

export const NO_USAGE: Usage = Object.freeze({
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: 0,
})
