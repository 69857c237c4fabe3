import type { Code } from "./codes.ts"

/** One mistake in a config, ready to be shown. Holds no secret. */
export interface Diagnostic {
  code: Code
  severity: "error" | "warning"
  /** What is wrong, one sentence. */
  message: string
  /** Absolute; absent when no file is to blame. */
  file?: string
  /** From 1, as the column. */
  line?: number
  column?: number
  /** Characters to underline. */
  length?: number
  /** The source line, with secrets masked. */
  source?: string
  why?: string
  /** How to fix it. */
  hint?: string
}
