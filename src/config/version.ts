import { readFileSync } from "node:fs"
import { Secret } from "../core/secret.ts"

/**
 * Twelve hex digits over the canonical form of a config: key order does not matter, secrets count by
 * fingerprint. With a function in it every file counts: it may call what another file has.
 */
export function settingsVersion(settings: object): string {
  const { file: _file, files, ...rest } = settings as Record<string, unknown>
  const hasher = new Bun.CryptoHasher("sha256")
  let functions = 0
  hasher.update(
    canonical(rest, () => {
      functions++
    }),
  )
  if (functions > 0) {
    for (const path of (files ?? []) as readonly string[]) {
      hasher.update(contents(path))
    }
  }
  return hasher.digest("hex").slice(0, 12)
}

/** Empty for what is watched and not there. */
function contents(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

function canonical(value: unknown, onFunction: () => void): string {
  if (value instanceof Secret) return `secret:${value.fingerprint}`
  if (value instanceof RegExp) return `pattern:${value}`
  if (typeof value === "function") {
    onFunction()
    return `function:${value}`
  }
  const inner = (item: unknown) => canonical(item, onFunction)
  if (Array.isArray(value)) return `[${value.map(inner).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
    // Providers and groups are lists by now, so only the order of keys that means nothing is lost.
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${inner(item)}`).join(",")}}`
  }
  return JSON.stringify(value) ?? "undefined"
}
