/** What a code stands for, as `llmrouter explain` and the manual say it. */
export interface CodeEntry {
  severity: "error" | "warning"
  title: string
  /** Why it is a mistake, and what to do. */
  text: string
  /** Part of a config that has it, as TypeScript unless `language` says otherwise. */
  wrong: string
  /** The same without it. */
  right: string
  language?: "ts" | "yaml" | "sh"
}

/** Declares codes; keeps their names as types. */
export function defineCodes<const C extends Record<`LR2${string}`, CodeEntry>>(codes: C): C {
  return codes
}
