import type { Call } from "./history-calls.ts"
import type { Outage } from "./scenario.ts"

/** What an error of the past is taken for. The rest are faults of requests, keys and limits. */
const ERRORS: Readonly<Record<string, Outage["error"]>> = {
  "upstream-error": "server-error",
  "upstream-invalid": "server-error",
  "upstream-truncated": "server-error",
  "upstream-unreachable": "refused",
  "upstream-timeout": "hang",
}

/** Failures in a row that are an outage. Fewer are bad luck. */
const OUTAGE = 2

/**
 * When a deployment was down: from the first of some failures in a row to the last. Failures by
 * themselves become a share of all requests.
 */
export function troublesOf(
  call: Call | undefined,
  length: number,
): { outages: Outage[]; limited: number } {
  if (!call) return { outages: [], limited: 0 }
  const limited = call.failures.filter(({ kind }) => kind === "upstream-rate-limited").length
  const events = [
    ...call.answers.map(({ at }) => ({ at, error: undefined })),
    ...call.failures.flatMap(({ at, kind }) => {
      const error = ERRORS[kind]
      return error ? [{ at, error }] : []
    }),
  ].sort((a, b) => a.at - b.at)

  const outages: Outage[] = []
  let alone = 0
  let row: { at: number; error: Outage["error"] }[] = []
  const close = () => {
    const [first] = row
    if (first && row.length >= OUTAGE) {
      outages.push({
        from: Math.max(0, first.at),
        to: Math.max(0, row.at(-1)!.at) + 1,
        error: first.error,
      })
    } else alone += row.length
    row = []
  }
  for (const { at, error } of events) {
    if (error) row.push({ at, error })
    else close()
  }
  close()
  if (alone > 0) {
    const share = alone / events.length
    outages.push({ from: 0, to: length, error: "server-error", share })
  }
  return { outages, limited }
}
