// Writes a report into docs/performance.md and draws the README's chart; a full run of the bench does so
// at its end. `bun bench/publish.ts bench/results/2026-11-21.json` does it again.
import { join } from "node:path"
import { replaceSection } from "./markdown.ts"
import type { Report } from "./report.ts"
import { reportChart } from "./report-chart.ts"
import { reportText } from "./report-text.ts"

const root = join(import.meta.dir, "..")

/** The page that shows measurements. */
export const PAGE = join(root, "docs/performance.md")

/** Writes a section of the page, between its markers. */
export async function writeSection(name: string, content: string): Promise<void> {
  await Bun.write(PAGE, replaceSection(await Bun.file(PAGE).text(), name, content))
}

/** Puts a report where people read it. */
export async function publish(report: Report): Promise<void> {
  await writeSection("results", reportText(report))
  await Bun.write(join(root, "docs/img/performance.svg"), reportChart(report))
}

if (import.meta.main) {
  const path = process.argv[2]
  if (!path) throw new Error("bun bench/publish.ts <report>")
  await publish(await Bun.file(path).json())
}
