import type { Peer } from "./peers/peer.ts"
import type { Part } from "./part.ts"
import { formatSummary, type Results, ratios, ROUTER, valuesOf } from "./results.ts"
import { summarise } from "./statistics.ts"

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
      ...subjects.map((subject) =>
        formatSummary(summarise(valuesOf(results, subject, metric)), metric.digits),
      ),
    ])
    .filter(([, , ...cells]) => cells.some((cell) => cell !== "–"))
  return [["", "unit", ...subjects], ...lines]
}

/** How many times the requests/s of a peer the router is to have; the best of Rust is only compared with. */
function factorOf({ language }: Pick<Peer, "language">): number | undefined {
  if (language === "Python") return 20
  return language === "Rust" ? undefined : 2
}

/** Cells of the table that compares the router with its peers by requests/s. */
export function peerLines(
  results: Results,
  parts: readonly Part[],
  peers: readonly Pick<Peer, "name" | "language" | "source">[],
): string[][] {
  const metric = parts.flatMap(({ metrics }) => metrics).find(({ id }) => id === "chat64.perSecond")
  if (!metric) return []
  const own = valuesOf(results, ROUTER, metric)
  const lines = peers.map((peer) => {
    const ratio = ratios(own, valuesOf(results, peer.name, metric))
    const factor = factorOf(peer)
    let met = factor === undefined ? "" : ratio.median >= factor ? "yes" : "no"
    if (Number.isNaN(ratio.median)) met = "not measured"
    const goal = factor === undefined ? "" : `≥ ${factor} ×`
    const { language, source } = peer
    return [peer.name, language, source.version, formatSummary(ratio, 1), goal, met]
  })
  return [["peer", "in", "version", "llmrouter : peer, requests/s", "goal", "met"], ...lines]
}
