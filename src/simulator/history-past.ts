import type { PastAnswer } from "./history-calls.ts"

/** Answers around a moment that say how an upstream was then. */
const NEIGHBOURS = 41

/** How long an upstream took, at any time of the past. */
export interface Past {
  /**
   * What it would have taken then.
   *
   * @param rank from 0, as fast as anything then, to 1
   */
  at(time: number, rank: number, output: number): { ttft: number; duration: number }
  /** The rank of each answer among those around it, by the request's id. */
  ranks(): [string, number][]
}

/** @param answers of one upstream, in any order */
export function createPast(answers: readonly PastAnswer[]): Past {
  const sorted = answers.toSorted((a, b) => a.at - b.at)

  /** The first place that is not before a time. */
  function placeOf(time: number): number {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]!.at < time) low = middle + 1
      else high = middle
    }
    return low
  }

  function around(place: number): PastAnswer[] {
    const from = Math.max(0, Math.min(place - (NEIGHBOURS >> 1), sorted.length - NEIGHBOURS))
    return sorted.slice(from, from + NEIGHBOURS).sort((a, b) => a.ttft - b.ttft)
  }

  return {
    at(time, rank, output) {
      const near = around(placeOf(time))
      const like = near[Math.min(near.length - 1, Math.floor(rank * near.length))]
      if (!like) return { ttft: 1000, duration: 1000 + 12 * output }
      return { ttft: like.ttft, duration: like.ttft + like.perToken * output }
    },
    ranks: () =>
      sorted.map((answer, place) => {
        const near = around(place)
        return [answer.id, (near.indexOf(answer) + 0.5) / near.length]
      }),
  }
}
