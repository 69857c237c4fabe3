import pc from "picocolors"

/** One column of a table. */
export interface Column {
  title: string
  align: "left" | "right"
  /** Widest cell, in columns of the terminal; 44 when not said. */
  width?: number
}

/** Widest cell; a longer text ends with an ellipsis. */
const MAX_WIDTH = 44

// biome-ignore lint/suspicious/noControlCharactersInRegex: what callers send must not steer the terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g

/**
 * Lines of a table whose columns align, also where letters are two columns wide.
 * @param total a last row that is set apart
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  total?: readonly string[],
): string {
  const cells = [...rows, ...(total ? [total] : [])].map((row) =>
    row.map((text, n) => printable(text, columns[n]?.width)),
  )
  const widths = columns.map(({ title }, n) =>
    Math.max(...[title, ...cells.map((row) => row[n] ?? "")].map((text) => Bun.stringWidth(text))),
  )
  const line = (row: readonly string[]) =>
    columns
      .map(({ align }, n) => {
        const text = row[n] ?? ""
        const space = " ".repeat((widths[n] ?? 0) - Bun.stringWidth(text))
        return align === "right" ? space + text : text + space
      })
      .join("  ")
      .trimEnd()
  const lines = cells.map(line)
  const head = pc.bold(line(columns.map(({ title }) => title)))
  const rule = pc.dim("─".repeat(widths.reduce((sum, width) => sum + width + 2, -2)))
  const last = total ? [rule, pc.bold(lines.pop() ?? "")] : []
  return `${[head, ...lines, ...last].join("\n")}\n`
}

/** A text without what a terminal would obey, and not too wide. */
export function printable(text: string, width = MAX_WIDTH): string {
  const clean = text.replace(UNPRINTABLE, "�")
  if (Bun.stringWidth(clean) <= width) return clean
  let cut = ""
  for (const { segment } of new Intl.Segmenter().segment(clean)) {
    if (Bun.stringWidth(cut + segment) >= width) break
    cut += segment
  }
  return `${cut}…`
}
