import { Secret } from "../core/secret.ts"

/** Twelve hex digits over the canonical form of a config: key order does not matter, secrets count by fingerprint. */
export function settingsVersion(settings: object): string {
  const { file: _file, files: _files, ...rest } = settings as Record<string, unknown>
  return new Bun.CryptoHasher("sha256").update(canonical(rest)).digest("hex").slice(0, 12)
}

function canonical(value: unknown): string {
  if (value instanceof Secret) return `secret:${value.fingerprint}`
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
    // Providers and groups are lists by now, so only the order of keys that means nothing is lost.
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`
  }
  return JSON.stringify(value) ?? "undefined"
}
