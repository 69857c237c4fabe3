import { type Path, printPath } from "../finding.ts"
import type { ParsedConfig } from "../parsed.ts"
import { show } from "../redact.ts"
import { didYouMean } from "../suggest.ts"
import type { CheckContext } from "./check-context.ts"

/** Reports a group that does not exist. */
export function checkGroupName(
  name: string,
  path: Path,
  config: ParsedConfig,
  { report }: CheckContext,
): void {
  const names = Object.keys(config.groups ?? {})
  if (names.includes(name)) return
  report({
    code: "LR2043",
    path,
    message: `there is no group ${show(name)}`,
    why: `\`${printPath(path)}\` names one of \`groups\``,
    hint: didYouMean(name, names, "groups") || "this config has no groups: add one",
  })
}
