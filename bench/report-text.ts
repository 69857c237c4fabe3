import { goalLines } from "./goals.ts"
import { markdownTable } from "./markdown.ts"
import { parts } from "./parts/index.ts"
import type { Report } from "./report.ts"
import { peerLines, metricLines } from "./tables.ts"

/** A report as Markdown that reads as text too. */
export function reportText(report: Report): string {
  const { date, machine, plan, peers, missing, failures, results } = report
  const sections = [
    `${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Bun ${machine.bun}, measured as ${machine.program}, ${plan.rounds} rounds: median (lowest–highest).`,
    `### Goals\n\n${markdownTable(goalLines(results))}`,
    `### Everything\n\n${markdownTable(metricLines(results, parts, Object.keys(results)))}`,
  ]
  if (peers.length > 0) {
    sections.push(`### Other gateways\n\n${markdownTable(peerLines(results, parts, peers))}`)
  }
  if (missing.length > 0) {
    const lines = missing.map(({ name, reason }) => `- ${name}: ${reason}`)
    sections.push(`Missing on this machine:\n\n${lines.join("\n")}`)
  }
  if (failures.length > 0) {
    const lines = failures.map(
      ({ subject, part, reason }) => `- ${subject}, ${part}: ${reason.split("\n")[0]}`,
    )
    sections.push(`Failed:\n\n${lines.join("\n")}`)
  }
  return sections.join("\n\n")
}
