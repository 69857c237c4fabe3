import { parts } from "./parts/index.ts"
import {
  FLOOR,
  formatSummary,
  type Results,
  ratios,
  ROUTER,
  valuesOf,
  YARDSTICK,
} from "./results.ts"
import { type Summary, summarise } from "./statistics.ts"

/** What the router is to reach. */
interface Goal {
  label: string
  /** The metric of the router. */
  metric: string
  /** The metric of nginx that it is divided by, round by round; without, the value itself counts. */
  by?: string
  /** Whether more is better. */
  more?: boolean
  unit: string
  digits: number
  goal: number
  stretch?: number
}

const ratio = { unit: "× nginx", digits: 2 }

const chat = (width: number): Goal[] => [
  {
    label: `chat, 1 KB, ${width} connections: requests/s`,
    metric: `chat${width}.perSecond`,
    by: `chat${width}.perSecond`,
    more: true,
    ...ratio,
    goal: 0.75,
    stretch: 1,
  },
  {
    label: `CPU per request there`,
    metric: `chat${width}.cpu`,
    by: `chat${width}.cpu`,
    ...ratio,
    goal: 1.4,
    stretch: 1.1,
  },
]

/** All goals, in the order of the table. */
export const goals: readonly Goal[] = [
  ...chat(64),
  ...chat(256),
  {
    label: "added p50, one connection",
    metric: "single.p50",
    by: "single.p50",
    ...ratio,
    goal: 1.3,
    stretch: 1,
  },
  {
    label: "256 streams, 10 ms apart, relayed: CPU",
    metric: "paced.cpu",
    by: "paced.cpu",
    ...ratio,
    goal: 1.1,
    stretch: 1,
  },
  {
    label: "the same, translated: CPU",
    metric: "paced-translated.cpu",
    by: "paced.cpu",
    ...ratio,
    goal: 1.8,
    stretch: 1.4,
  },
  {
    label: "50 ms upstream, 1,000 connections: added p99",
    metric: "slow.p99",
    unit: "ms",
    digits: 2,
    goal: 5,
    stretch: 2,
  },
  {
    label: "the same at 4,000 requests/s: added p99",
    metric: "steady.p99",
    unit: "ms",
    digits: 2,
    goal: 5,
    stretch: 2,
  },
  {
    label: "100 small requests/s beside 8 MB bodies: p99",
    metric: "large.p99",
    unit: "ms",
    digits: 2,
    goal: 20,
    stretch: 5,
  },
  { label: "memory at rest", metric: "memory.idle", unit: "MB", digits: 1, goal: 50 },
  { label: "memory, 256 connections", metric: "memory.busy", unit: "MB", digits: 1, goal: 90 },
  {
    label: "memory after all left streams : after a tenth",
    metric: "memory.flat",
    unit: "×",
    digits: 2,
    goal: 1.1,
  },
  { label: "start to first 200", metric: "start", unit: "ms", digits: 1, goal: 25, stretch: 15 },
  {
    label: "executable, gzipped",
    metric: "size.gzipped",
    unit: "MB",
    digits: 1,
    goal: 57,
    stretch: 50,
  },
  {
    label: "2 workers on 2 cores",
    metric: "workers.ratio",
    more: true,
    unit: "× 1 worker",
    digits: 2,
    goal: 1.8,
    stretch: 1.95,
  },
]

/** How a goal was met, as the results have it. */
export interface Verdict {
  label: string
  unit: string
  /** The router's value, and nginx's of the same or the named metric. */
  router: Summary
  yardstick: Summary
  /** What the goal is about: a ratio, or the router's value. */
  value: Summary
  /** The same of bare sockets, of the metric that nginx is measured by. */
  floor: Summary
  goal: string
  stretch: string
  met: "no" | "yes" | "stretch" | "not measured"
}

const metrics = new Map(parts.flatMap((part) => part.metrics).map((metric) => [metric.id, metric]))

/** Compares one goal with what was measured. */
export function judge(goal: Goal, results: Results): Verdict {
  const metric = metrics.get(goal.metric)
  const other = metrics.get(goal.by ?? goal.metric)
  if (!metric || !other) throw new Error(`there is no metric ${goal.metric} or ${goal.by}`)
  const own = valuesOf(results, ROUTER, metric)
  const base = valuesOf(results, YARDSTICK, other)
  const asked = (values: readonly number[]) => (goal.by ? ratios(values, base) : summarise(values))
  const value = asked(own)
  const reaches = (limit: number) => (goal.more ? value.median >= limit : value.median <= limit)
  const limit = (at: number | undefined) =>
    at === undefined ? "" : `${goal.more ? "≥" : "≤"} ${at} ${goal.unit}`
  let met: Verdict["met"] = "no"
  if (Number.isNaN(value.median)) met = "not measured"
  else if (goal.stretch !== undefined && reaches(goal.stretch)) met = "stretch"
  else if (reaches(goal.goal)) met = "yes"
  return {
    label: goal.label,
    unit: metric.unit,
    router: summarise(own),
    yardstick: summarise(base),
    value,
    floor: asked(valuesOf(results, FLOOR, other)),
    goal: limit(goal.goal),
    stretch: limit(goal.stretch),
    met,
  }
}

/** Cells of the table of goals, the first line being its head. */
export function goalLines(results: Results): string[][] {
  const head = ["", "unit", "llmrouter", "nginx", "ratio", "bare sockets", "goal", "stretch", "met"]
  const lines = goals.map((goal) => {
    const { label, unit, router, yardstick, value, floor, ...rest } = judge(goal, results)
    const digits = metrics.get(goal.metric)!.digits
    return [
      label,
      unit,
      formatSummary(router, digits),
      formatSummary(yardstick, digits),
      goal.by ? formatSummary(value, goal.digits) : "",
      formatSummary(floor, goal.digits),
      rest.goal,
      rest.stretch,
      rest.met,
    ]
  })
  return [head, ...lines]
}
