import { type Bar, chart, type Panel } from "./chart.ts"
import { parts } from "./parts/index.ts"
import type { Report } from "./report.ts"
import { DIRECT, ROUTER, valuesOf } from "./results.ts"
import { summarise } from "./statistics.ts"

const metrics = new Map(parts.flatMap((part) => part.metrics).map((metric) => [metric.id, metric]))

/** The bars of a measure, the best first. */
function panel(
  { results }: Report,
  title: string,
  id: string,
  better: "more" | "less",
  show: (value: number) => string,
): Panel {
  const bars: Bar[] = []
  for (const name of Object.keys(results)) {
    if (name === DIRECT) continue
    const value = summarise(valuesOf(results, name, metrics.get(id)!)).median
    if (Number.isFinite(value)) bars.push({ name, value, text: show(value), own: name === ROUTER })
  }
  bars.sort((a, b) => (better === "more" ? b.value - a.value : a.value - b.value))
  return { title: `${title} (${better} is better)`, bars }
}

/** The chart of the README: how much one core carries, and how much later an answer comes. */
export function reportChart(report: Report): string {
  const count = (value: number) => Math.round(value).toLocaleString("en-US")
  const time = (value: number) =>
    value < 1000 ? `${value.toFixed(0)} µs` : `${(value / 1000).toFixed(1)} ms`
  const { machine, date } = report
  return chart(
    [
      panel(report, "Requests/s on one core", "chat64.perSecond", "more", count),
      panel(report, "Added latency, p50", "single.p50", "less", time),
    ],
    `1 KB chat completions, 64 connections and 1, upstream answers at once. ${machine.cpu}, ${date.slice(0, 10)}.`,
  )
}
