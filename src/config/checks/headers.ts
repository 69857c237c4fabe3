import { Secret } from "../../core/secret.ts"
import type { Path } from "../finding.ts"
import { show } from "../redact.ts"
import type { SecretValue } from "../secret-value.ts"
import type { CheckContext } from "./check-context.ts"

/** Belong to one connection, or are made by the router: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const OWN = new Set([
  "connection",
  "content-length",
  "content-encoding",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

/** Checks that a header can have this name and is not the router's own business. */
export function checkHeaderName(
  name: string,
  path: Path,
  at: "key" | "value",
  { report }: CheckContext,
): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    const better = name.trim().replace(/:$/, "").replace(/\s+/g, "-")
    report({
      code: "LR2029",
      path,
      at,
      message: `${show(name)} is not the name of a header`,
      why: "a header's name is letters, digits and hyphens",
      hint: /^[A-Za-z0-9-]+$/.test(better) ? `did you mean \`${better}\`?` : "rename it",
    })
  } else if (OWN.has(name.toLowerCase())) {
    report({
      code: "LR2029",
      path,
      at,
      message: `the header ${show(name)} cannot be set`,
      why: "it belongs to one connection, and the router makes its own",
      hint: "remove it",
    })
  }
}

/** Checks that a header can have this value. */
export function checkHeaderValue(
  value: SecretValue | undefined,
  path: Path,
  { report }: CheckContext,
): void {
  if (!(value instanceof Secret) || /^[\t\x20-\x7e\x80-\xff]*$/.test(value.reveal())) return
  report({
    code: "LR2029",
    path,
    message: `the value of the header ${show(path.at(-1))} has a character that headers cannot carry`,
    why: "a header's value is one line of Latin letters, digits and punctuation",
    hint: "remove line breaks and other scripts from it",
  })
}
