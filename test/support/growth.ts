const ROUNDS = 8
/** Nanoseconds that one measurement takes about, at least: shorter ones measure the clock. */
const SHORTEST = 4_000_000
const MOST_TIMES = 20

/**
 * How much longer work takes when there is more of it: about `factor` where it is linear, its square
 * where it is quadratic.
 * The small work is done `factor` times for each time of the large one, in turns: linear work takes
 * equally long on both sides, and what disturbs one of them disturbs the other. The best of the rounds counts.
 *
 * @param work prepares work of a size and returns what does it
 */
export function growthOf(work: (size: number) => () => void, size: number, factor = 8): number {
  const [few, many] = [work(size), work(size * factor)]
  // Warm: the first runs are interpreted.
  timeOf(few, factor)
  const times = Math.min(MOST_TIMES, Math.ceil(SHORTEST / timeOf(many, 1)))
  let short = Number.POSITIVE_INFINITY
  let long = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    short = Math.min(short, timeOf(few, factor * times))
    long = Math.min(long, timeOf(many, times))
  }
  return (factor * long) / short
}

/** Between linear and quadratic growth by the factor 8: the geometric mean of the two. */
export const LINEAR = 8 * Math.sqrt(8)

/** Nanoseconds. */
function timeOf(run: () => void, times: number): number {
  const start = Bun.nanoseconds()
  for (let n = 0; n < times; n++) run()
  return Bun.nanoseconds() - start
}
