import { CODES } from "./codes.ts"
import type { Diagnostic } from "./diagnostic.ts"
import type { Finding } from "./finding.ts"

export async function toDiagnostics(
  findings: readonly Finding[],
  source: { file: string | undefined; literals: readonly string[] },
): Promise<Diagnostic[]> {
  return findings.map((finding) => ({
    code: finding.code,
    severity: CODES[finding.code].severity,
    message: finding.message,
    ...(source.file && { file: source.file }),
    ...finding.site,
    ...(finding.why && { why: finding.why }),
    ...(finding.hint && { hint: finding.hint }),
  }))
}
