import type { Metric } from "./part.ts"
import { type Summary, summarise } from "./statistics.ts"

/** All values of a run: by subject, by metric, one of each repeat. */
export type Results = Record<string, Record<string, number[]>>

/** Something that could not be measured, and why. */
export interface Failure {
  subject: string
  part: string
  reason: string
}

/** The subject that all others add to, and the one that the goals are measured by. */
export const DIRECT = "direct"
export const YARDSTICK = "nginx"
export const ROUTER = "llmrouter"
/** What the router's runtime costs alone, where bytes are only passed on. */
export const FLOOR = "bare sockets"

/** A metric's values of one subject; of what is added, the difference to the direct way in each round. */
export function valuesOf(results: Results, subject: string, metric: Metric): number[] {
  const values = results[subject]?.[metric.id] ?? []
  if (!metric.added) return values
  if (subject === DIRECT) return []
  const base = results[DIRECT]?.[metric.id] ?? []
  return values.flatMap((value, i) => (base[i] === undefined ? [] : [value - base[i]]))
}

/** Ratios of two rows of values, round by round, so that what disturbed both cancels out. */
export function ratios(values: readonly number[], base: readonly number[]): Summary {
  return summarise(values.slice(0, base.length).map((value, i) => value / base[i]!))
}

/** A summary as text: the median, and the lowest and highest where they differ. */
export function formatSummary(summary: Summary, digits: number): string {
  const show = (value: number) =>
    value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
  const { median, low, high } = summary
  if (Number.isNaN(median)) return "–"
  return show(low) === show(high) ? show(median) : `${show(median)} (${show(low)}–${show(high)})`
}
