import { relative } from "node:path"
import { createColours } from "../core/colours.ts"
import type { Diagnostic } from "./diagnostic.ts"

export interface RenderOptions {
  /** Whether to colour; when absent, standard error decides, and `NO_COLOR`. */
  color?: boolean
  /** File names are shown relative to it; the process's own when absent. */
  cwd?: string
}

/** Diagnostics as a terminal shows them: the code, the place, the source line with a caret, why, and how to fix it. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: RenderOptions = {},
): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, options)).join("\n")
}

function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions): string {
  const { code, severity, message, file, line, column, source, why, hint } = diagnostic
  const colors = createColours(options.color ?? wantsColor())
  const tint = severity === "error" ? colors.red : colors.yellow
  const number = line === undefined ? "" : String(line)
  const margin = " ".repeat(number.length || 1)
  const bar = colors.blue("|")
  const out = [`${colors.bold(tint(`${severity}[${code}]`))}${colors.bold(`: ${message}`)}`]
  if (file !== undefined) {
    const place = [shorten(file, options.cwd ?? process.cwd()), line, column].filter(
      (part) => part !== undefined,
    )
    out.push(`${margin}${colors.blue("-->")} ${place.join(":")}`)
  }
  if (source !== undefined && column !== undefined) {
    const { text, start, length } = excerpt(source, column, diagnostic.length ?? 1)
    out.push(`${margin} ${bar}`)
    out.push(`${colors.blue(number)} ${bar} ${text}`)
    out.push(
      `${margin} ${bar} ${" ".repeat(Bun.stringWidth(text.slice(0, start)))}${tint("^".repeat(length))}`,
    )
  }
  if (why !== undefined) out.push(`${margin} ${colors.blue("=")} ${why}`)
  if (hint !== undefined) out.push(`${margin} ${colors.blue("=")} ${colors.bold("help:")} ${hint}`)
  return `${out.join("\n")}\n`
}

/** Characters of a source line that are shown at most. */
const WIDEST = 140

/** The part of a line around the mistake, with tabs as one space so that the caret stays below it. */
function excerpt(
  source: string,
  column: number,
  length: number,
): { text: string; start: number; length: number } {
  const line = source.replaceAll("\t", " ")
  const at = Math.min(column - 1, line.length)
  const from = line.length <= WIDEST ? 0 : Math.max(0, Math.min(at - 40, line.length - WIDEST))
  const text = line.slice(from, from + WIDEST)
  const start = at - from
  return {
    text: `${from > 0 ? "…" : ""}${text.trimEnd()}${from + WIDEST < line.length ? "…" : ""}`,
    start: start + (from > 0 ? 1 : 0),
    length: Math.max(1, Math.min(length, text.length - start)),
  }
}

function shorten(file: string, cwd: string): string {
  const short = relative(cwd, file)
  return short.startsWith("..") ? file : short
}

function wantsColor(): boolean {
  return process.stderr.isTTY === true && !process.env["NO_COLOR"]
}
