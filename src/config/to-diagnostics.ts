import { readFileSync } from "node:fs"
import { CODES } from "./codes.ts"
import type { Diagnostic } from "./diagnostic.ts"
import type { Finding } from "./finding.ts"
import { createLocator } from "./locate.ts"
import { redact } from "./redact.ts"
import type { Locate, Span } from "./span.ts"

/** What positions are looked up in. */
export interface Source {
  /** The config file; undefined when there is none. */
  file: string | undefined
  /** Secrets that are written in the config itself: masked in every line that is shown. */
  literals: readonly string[]
}

/** Gives findings their place in the source, in the order of the file, without secrets. */
export async function toDiagnostics(
  findings: readonly Finding[],
  { file, literals }: Source,
): Promise<Diagnostic[]> {
  const searched =
    file !== undefined && findings.some(({ path, site }) => path && site?.length === undefined)
  const locate = searched ? await createLocator(file) : () => undefined
  const lines = new Map<string, readonly string[]>()
  const linesOf = (path: string) => {
    const known = lines.get(path) ?? readLines(path)
    lines.set(path, known)
    return known
  }
  const diagnostics = findings.map((finding) => toDiagnostic(finding, locate))
  for (const diagnostic of diagnostics) {
    const line = diagnostic.file && diagnostic.line && linesOf(diagnostic.file)[diagnostic.line - 1]
    if (line) diagnostic.source = redact(line, literals)
  }
  return inOrder(unique(diagnostics), file)

  function toDiagnostic(finding: Finding, find: Locate): Diagnostic {
    const { code, message, why, hint, path, at = "value", part } = finding
    const found = path && finding.site?.length === undefined && find({ path, at, part })
    const site = finding.site ? withLength(finding.site, found || undefined) : found || undefined
    return {
      code,
      severity: CODES[code].severity,
      message: redact(message, long(literals)),
      ...(site && { file: site.file, line: site.line, column: site.column }),
      ...(site && { length: site.length ?? 1 }),
      ...(why && { why: redact(why, long(literals)) }),
      ...(hint && { hint: redact(hint, long(literals)) }),
    }
  }
}

/** A place from a stack has no end; the syntax tree knows it where both begin at the same character. */
function withLength(site: NonNullable<Finding["site"]>, found: Span | undefined): typeof site {
  const same = found?.file === site.file && found.line === site.line && found.column === site.column
  return same ? found : site
}

// A short one would also hide words that only look like it.
const long = (literals: readonly string[]) => literals.filter(({ length }) => length >= 8)

function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic]))
  return [...seen.values()]
}

/** The config file first, then what it imports; by line and column. */
function inOrder(diagnostics: readonly Diagnostic[], file: string | undefined): Diagnostic[] {
  const rank = (path: string | undefined) => (path === undefined ? 0 : path === file ? 1 : 2)
  return diagnostics.toSorted(
    (a, b) =>
      rank(a.file) - rank(b.file) ||
      (a.file ?? "").localeCompare(b.file ?? "") ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  )
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)
  } catch {
    return []
  }
}
