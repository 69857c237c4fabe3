import type { UsageRow } from "../../core/ledger.ts"
import { NO_USAGE, type Usage } from "../../core/usage.ts"
import type { Events } from "../attempt.ts"
import { saidBy } from "./part.ts"

/** What one upstream of several has used for an answer, guessed in part: it broke off. */
export interface Share {
  usage: Usage
  /** Nano-USD; null is unpriced. */
  cost: number | null
}

/**
 * What an upstream has used whose stream broke off or was left. Most report at the end, some a first
 * guess at the beginning: what was said counts where it is more.
 *
 * @param said tokens of the answer, guessed
 * @param inputTokens of the request, guessed
 */
export function unfinishedUsage(
  reported: Usage | undefined,
  said: number,
  inputTokens: number,
): Usage {
  const { input, output } = reported ?? NO_USAGE
  return {
    ...(reported ?? NO_USAGE),
    input: input || inputTokens,
    output: Math.max(output, said),
  }
}

/** @param inputTokens of the request, guessed */
export function shareOf({ relay, call, trial }: Events, inputTokens: number): Share {
  const said = call.part ? saidBy(call.part) : 0
  const usage = unfinishedUsage(relay.usage, said, inputTokens)
  return { usage, cost: trial.channel.deployment.cost(usage) }
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

/**
 * What all upstreams of one answer have used.
 *
 * @param earlier those that broke off and were gone on with
 * @param usage of the last one, where it reported any, and what that cost
 */
export function totalOf(
  earlier: readonly Share[],
  usage: Usage | undefined,
  cost: number | null,
): Usage & Pick<UsageRow, "usage" | "cost"> {
  if (earlier.length === 0) {
    return { ...(usage ?? NO_USAGE), usage: usage ? "reported" : "missing", cost }
  }
  const costs = [...earlier.map((share) => share.cost), ...(usage ? [cost] : [])]
  return {
    ...sumOf([...earlier.map((share) => share.usage), ...(usage ? [usage] : [])]),
    usage: "estimated",
    cost: costs.includes(null) ? null : costs.reduce<number>((sum, each) => sum + each!, 0),
  }
}
