import { goalLines } from "./goals.ts"
import { markdownTable } from "./markdown.ts"
import { parts } from "./parts/index.ts"
import type { Report } from "./report.ts"
import { DIRECT, FLOOR, ROUTER, YARDSTICK } from "./results.ts"
import { metricLines, peerLines } from "./tables.ts"

/** A report as Markdown that reads as text too. */
export function reportText(report: Report): string {
  const { date, machine, plan, peers, missing, unavailable, failures, results, unrest } = report
  const everything = markdownTable(metricLines(results, parts, [DIRECT, YARDSTICK, FLOOR, ROUTER]))
  const sections = [
    `${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Bun ${machine.bun}, the router measured as ${machine.program}; rounds: ${plan.rounds}. Medians, with the lowest and highest of all rounds.${
      unrest
        ? ` The same piece of work took ${unrest.median.toFixed(2)} × its shortest time before half of the rounds, ${unrest.most.toFixed(2)} × before the worst.`
        : ""
    }`,
    `### Goals\n\n${markdownTable(goalLines(results))}`,
    `### Everything\n\n${everything}`,
  ]
  if (peers.length > 0) {
    sections.push(`### Other gateways\n\n${markdownTable(peerLines(results, peers))}`)
  }
  const list = (title: string, lines: readonly string[]) => {
    if (lines.length > 0)
      sections.push(`${title}:\n\n${lines.map((line) => `- ${line}`).join("\n")}`)
  }
  const named = ({ name, reason }: { name: string; reason: string }) => `${name}: ${reason}`
  list("Not measured, for no package manager brings it", unavailable.map(named))
  list("Missing on this machine", missing.map(named))
  list(
    "Failed",
    failures.map(({ subject, part, reason }) => `${subject}, ${part}: ${reason.split("\n")[0]}`),
  )
  return sections.join("\n\n")
}
