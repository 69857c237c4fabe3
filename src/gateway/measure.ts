import type { Measured } from "../core/traffic.ts"
import type { Usage } from "../core/usage.ts"
import type { Committed } from "./attempt.ts"

/**
 * What a committed attempt that has ended well turned out to be. Also writes its duration down.
 *
 * @param now monotonic milliseconds
 */
export function measuredOf(
  { kind, trial, record }: Committed,
  usage: Usage | undefined,
  now: number,
): Measured {
  const duration = now - trial.began
  record.duration = duration
  return {
    stream: kind === "events",
    duration,
    ttft: record.ttft ?? undefined,
    input: usage?.input,
    output: usage?.output,
    cacheRead: usage?.cacheRead,
  }
}
