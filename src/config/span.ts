import type { Path } from "./finding.ts"
import type { Site } from "./secret-ref.ts"

/** A place with the number of characters to underline. */
export interface Span extends Site {
  length: number
}

/** What to look for: a value or its key, and perhaps only a part of its text. */
export interface Target {
  path: Path
  at: "key" | "value"
  part?: { start: number; length: number } | undefined
}

/** Finds values of a config in its source; the deepest place that is known where the rest is computed. */
export type Locate = (target: Target) => Span | undefined

/** A span of one line: what goes on below is cut off. */
export function spanOf(file: string, text: string, start: number, end: number): Span {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1
  const newline = text.indexOf("\n", start)
  const lineEnd = newline < 0 ? text.length : newline
  return {
    file,
    line: text.slice(0, start).split("\n").length,
    column: start - lineStart + 1,
    length: Math.max(1, text.slice(start, Math.min(end, lineEnd)).trimEnd().length),
  }
}
