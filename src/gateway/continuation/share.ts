import { NO_USAGE, type Usage } from "../../core/usage.ts"
import type { Events } from "../attempt.ts"
import { tokensOf } from "./part.ts"

/** What one upstream of several has used for an answer. */
export interface Share {
  usage: Usage
  /** Whether some of it is the router's guess. */
  estimated: boolean
  /** Nano-USD; null is unpriced. */
  cost: number | null
}

/** How much more than it reported an upstream must have said for its report to count as unfinished. */
const UNFINISHED = 2

/**
 * What an upstream has used whose stream broke off. Most report at the end, some a first guess at the
 * beginning: then what was said is counted.
 *
 * @param inputTokens of the request, guessed
 */
export function shareOf({ relay, call, trial }: Events, inputTokens: number): Share {
  const { part } = call
  const { usage: reported } = relay
  const said = tokensOf((part?.voice?.bytes ?? 0) - (part?.before ?? 0))
  const estimated = !reported || said > reported.output * UNFINISHED
  const usage = estimated
    ? { ...(reported ?? { ...NO_USAGE, input: inputTokens }), output: said }
    : reported
  return { usage, estimated, cost: trial.channel.deployment.cost(usage) }
}

export function sumOf(usages: readonly Usage[]): Usage {
  const sum = { ...NO_USAGE }
  for (const usage of usages) {
    sum.input += usage.input
    sum.output += usage.output
    sum.cacheRead += usage.cacheRead
    sum.cacheWrite += usage.cacheWrite
    sum.reasoning += usage.reasoning
  }
  return sum
}
