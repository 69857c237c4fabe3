import type { Environment } from "./environment.ts"
import { SecretRef } from "./secret-ref.ts"

// `$${` is a literal `${`.
const PLACEHOLDER = /\$\$\{|\$\{([^{}]*)\}/g
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/** Text of a JSON or YAML config after its `${NAME}` were filled in, or what is wrong with one. */
export type Expanded =
  | { text: string; whole: boolean }
  | { problem: "syntax" | "missing" | "file"; name: string; start: number; length: number }

/** Fills in `${NAME}` and `${NAME:-default}`. `whole` says that the text was nothing but one of them. */
export function expand(text: string, environment: Environment): Expanded {
  let result = ""
  let last = 0
  let whole = false
  for (const match of text.matchAll(PLACEHOLDER)) {
    result += text.slice(last, match.index)
    last = match.index + match[0].length
    if (match[1] === undefined) {
      result += `\${`
      continue
    }
    const at = { start: match.index, length: match[0].length }
    if (match[1].startsWith("file:")) return { problem: "file", name: match[1].slice(5), ...at }
    const parts = NAME.exec(match[1])
    if (!parts) return { problem: "syntax", name: match[1], ...at }
    const value = environment.get(parts[1]!) ?? parts[2]
    if (value === undefined) return { problem: "missing", name: parts[1]!, ...at }
    result += value
    whole = match[0].length === text.length
  }
  return { text: result + text.slice(last), whole }
}

/** The secret that `${NAME}` or `${file:/path}` asks for; undefined when the text is something else. */
export function placeholderSecret(text: string): SecretRef | undefined {
  const inner = /^\$\{([^{}]*)\}$/.exec(text)?.[1]
  if (inner === undefined) return undefined
  if (inner.startsWith("file:")) return new SecretRef("file", inner.slice(5), false)
  const parts = NAME.exec(inner)
  return parts && parts[2] === undefined ? new SecretRef("env", parts[1]!, false) : undefined
}
