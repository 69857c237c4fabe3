import { Secret } from "../../core/secret.ts"
import type { Path } from "../finding.ts"
import type { ParsedCallerKey, ParsedConfig } from "../parsed.ts"
import { show } from "../redact.ts"
import { MissingSecret, type SecretValue } from "../secret-value.ts"
import { type CheckContext, requireSecret } from "./check-context.ts"
import { checkGroupName } from "./group-name.ts"
import { checkReach } from "./reach.ts"
import { checkSecretText } from "./secret-text.ts"
import { checkTags } from "./tags.ts"

/** Characters below which a key can be guessed. */
const SHORTEST = 16

/** Checks the keys of callers and of the admin. */
export function checkCallers(config: ParsedConfig, context: CheckContext): void {
  const seen = new Map<string, string>()
  const names = new Set<string>()
  for (const [index, entry] of (config.auth?.keys ?? []).entries()) {
    if (entry === undefined) continue
    const path = ["auth", "keys", index]
    const long: ParsedCallerKey =
      entry instanceof Secret || entry instanceof MissingSecret ? { key: entry } : entry
    const at = long === entry ? [...path, "key"] : path
    const place = `auth.keys[${index}]`
    checkKey(long.key, at, `the caller key \`${place}\``, context)
    if (long.key instanceof Secret) {
      const first = seen.get(long.key.reveal())
      if (first !== undefined) {
        context.report({
          code: "LR2064",
          path: at,
          message: `\`${place}\` is the same key as \`${first}\``,
          why: "a key says who calls, so two callers cannot share one",
          hint: "give each caller its own key",
        })
      } else seen.set(long.key.reveal(), place)
    }
    if (long.name !== undefined) {
      if (names.has(long.name)) {
        context.report({
          code: "LR2066",
          path: [...path, "name"],
          message: `there is more than one caller named ${show(long.name)}`,
          why: "the name stands for the caller in logs and in the usage table",
          hint: "give each caller its own name",
        })
      }
      names.add(long.name)
    }
    checkTags(long.tags, [...path, "tags"], context)
    checkReach(long, path, config, context)
    for (const [position, group] of (long.groups ?? []).entries()) {
      if (group !== undefined) {
        checkGroupName(group, [...path, "groups", position], config, context)
      }
    }
  }
  if (seen.size === 0) reportNone(config.auth?.keys ?? [], context)
  checkAdminKey(config.auth?.adminKey, seen, context)
}

/** Optional keys of which none is there: the router then lets nobody in. */
function reportNone(
  keys: readonly (ParsedCallerKey | SecretValue | undefined)[],
  context: CheckContext,
): void {
  const missing = keys.flatMap((entry) => {
    const key = entry !== undefined && "key" in entry ? entry.key : entry
    return key instanceof MissingSecret ? [key] : []
  })
  const first = missing.find(({ optional }) => optional)
  if (!first || missing.some(({ optional }) => !optional)) return
  context.report({
    code: "LR2070",
    path: ["auth", "keys"],
    site: first.site,
    message: `none of the caller keys is there (${missing.map(({ origin }) => origin).join(", ")}), so nobody may call`,
    why: `looked in ${first.looked}`,
    hint: "set one of them, or remove `auth.keys` to serve this machine without a key",
  })
}

function checkAdminKey(
  key: SecretValue | undefined,
  callers: ReadonlyMap<string, string>,
  context: CheckContext,
): void {
  const path = ["auth", "adminKey"]
  checkKey(key, path, "`auth.adminKey`", context)
  const caller = key instanceof Secret ? callers.get(key.reveal()) : undefined
  if (caller === undefined) return
  context.report({
    code: "LR2065",
    path,
    message: `\`auth.adminKey\` is the same key as \`${caller}\``,
    why: "whoever may call could then change the router",
    hint: "make one of its own: `openssl rand -hex 24`",
  })
}

function checkKey(
  key: SecretValue | undefined,
  path: Path,
  place: string,
  context: CheckContext,
): void {
  requireSecret(key, path, place, context)
  if (!(key instanceof Secret)) return
  checkSecretText(key, path, place, context)
  const length = key.reveal().trim().length
  if (length === 0 || length >= SHORTEST) return
  context.report({
    code: "LR2063",
    path,
    message: `${place} is short: ${length} characters`,
    why: `a key of fewer than ${SHORTEST} characters can be guessed`,
    hint: "make a longer one: `openssl rand -hex 24`",
  })
}
