import type { Environment } from "../environment.ts"
import type { Path, Report } from "../finding.ts"
import { MissingSecret, type SecretValue } from "../secret-value.ts"

/** What a check may ask for. */
export interface CheckContext {
  environment: Environment
  report: Report
}

/** Reports a secret that has to be there and is not. */
export function requireSecret(
  value: SecretValue | undefined,
  path: Path,
  place: string,
  { report }: CheckContext,
): void {
  if (!(value instanceof MissingSecret) || value.optional) return
  report({
    code: "LR2060",
    path,
    site: value.site,
    message: `${place} is missing: ${missing(value.origin)}`,
    why: `looked in ${value.looked}`,
    hint: howToMend(value.origin, path),
  })
}

function howToMend(origin: string, path: Path): string {
  // A caller key that is optional and absent lets nobody in.
  const orOptional = path[1] === "keys" ? "" : ", or pass `{ optional: true }`"
  return origin.startsWith("env ")
    ? `set ${origin.slice(4)}, or put it into .env${orOptional}`
    : `create the file${orOptional}`
}

/** What is missing, from the origin of a secret. */
export function missing(origin: string): string {
  return origin.startsWith("env ") ? `${origin.slice(4)} is not set` : `there is no ${origin}`
}
