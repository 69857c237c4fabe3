/** A Markdown table that is aligned to be read as text too. The first line is the head; the first column is words. */
export function markdownTable(lines: readonly (readonly string[])[]): string {
  const columns = Math.max(...lines.map((line) => line.length))
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(3, ...lines.map((line) => line[i]?.length ?? 0)),
  )
  const row = (line: readonly string[]) =>
    `| ${widths
      .map((width, i) =>
        i === 0 ? (line[i] ?? "").padEnd(width) : (line[i] ?? "").padStart(width),
      )
      .join(" | ")} |`
  const [head = [], ...rest] = lines
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`))
  return [row(head), `| ${rule.join(" | ")} |`, ...rest.map(row)].join("\n")
}

/**
 * Replaces what stands between `<!-- name: begin -->` and `<!-- name: end -->`.
 * @throws when the text has lost its markers
 */
export function replaceSection(text: string, name: string, content: string): string {
  const begin = `<!-- ${name}: begin -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(`<!-- ${name}: end -->`)
  if (from < 0 || to < from) throw new Error(`the markers of the section ${name} are lost`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}
