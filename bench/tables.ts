import type { Metric, Part } from "./part.ts"
import { parts as allParts } from "./parts/index.ts"
import type { Peer } from "./peers/peer.ts"
import { formatSummary, type Results, ratios, ROUTER, valuesOf, YARDSTICK } from "./results.ts"
import { summarise } from "./statistics.ts"

const show = (results: Results, subject: string, metric: Metric) =>
  formatSummary(summarise(valuesOf(results, subject, metric)), metric.digits)

/** Cells of the table of everything: a line a metric, a column a subject. */
export function metricLines(
  results: Results,
  parts: readonly Part[],
  subjects: readonly string[],
): string[][] {
  const lines = parts
    .flatMap(({ metrics }) => metrics)
    .map((metric) => [
      metric.label,
      metric.unit,
      ...subjects.map((subject) => show(results, subject, metric)),
    ])
    .filter(([, , ...cells]) => cells.some((cell) => cell !== "–"))
  return [["", "unit", ...subjects], ...lines]
}

/** What is measured of other gateways, and how the table of them calls it. */
const COMPARED: readonly (readonly [metric: string, head: string])[] = [
  ["chat64.perSecond", "requests/s, 64 connections"],
  ["chat64.cpu", "CPU µs a request"],
  ["chat256.perSecond", "requests/s, 256 connections"],
  ["single.p50", "added p50 µs"],
  ["single.p99", "added p99 µs"],
  ["fast.perSecond", "stream events/s"],
  ["memory.idle", "memory MB, at rest"],
  ["memory.busy", "memory MB, 256 connections"],
  ["start", "start ms"],
]

/** How many times the requests/s of a peer the router is to have; with the best of Rust it is only compared. */
function factorOf({ language }: Pick<Peer, "language">): number | undefined {
  if (language === "Python") return 20
  return language === "Rust" ? undefined : 2
}

const metrics = new Map(allParts.flatMap((part) => part.metrics).map((each) => [each.id, each]))

/** Cells of the table of other gateways, a line each, under nginx and the router. */
export function peerLines(
  results: Results,
  peers: readonly Pick<Peer, "name" | "language" | "source">[],
): string[][] {
  const speed = metrics.get("chat64.perSecond")!
  const cells = (subject: string) =>
    COMPARED.map(([id]) => show(results, subject, metrics.get(id)!))
  const own = valuesOf(results, ROUTER, speed)
  const lines = peers.map((peer) => {
    const { median } = ratios(own, valuesOf(results, peer.name, speed))
    const factor = factorOf(peer)
    const ratio = Number.isNaN(median) ? "–" : `${median.toFixed(1)} ×`
    let met = factor === undefined ? "" : median >= factor ? "yes" : "no"
    if (Number.isNaN(median)) met = "not measured"
    const goal = factor === undefined ? "" : `≥ ${factor} ×`
    const { name, language, source } = peer
    return [`${name} ${source.version}`, language, ...cells(name), ratio, goal, met]
  })
  const heads = COMPARED.map(([, head]) => head)
  return [
    ["", "in", ...heads, "requests/s, llmrouter : it", "goal", "met"],
    ...[YARDSTICK, ROUTER].map((name) => [name, "", ...cells(name)]),
    ...lines,
  ]
}
