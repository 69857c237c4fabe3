const NANO = 1_000_000_000n

/**
 * Nano-USD for a person: two decimals from ten cents on, else enough for two digits that count,
 * such as `$0.00021`.
 */
export function formatMoney(nano: number): string {
  const amount = BigInt(Math.round(nano))
  const minus = amount < 0n ? "-" : ""
  const positive = amount < 0n ? -amount : amount
  if (positive === 0n) return "$0.00"
  const digits = positive.toString().length
  // Digits after the point, so that two that are not zero remain.
  const decimals = Math.min(9, Math.max(2, 11 - digits))
  const unit = 10n ** BigInt(9 - decimals)
  const rounded = ((positive + unit / 2n) / unit) * unit
  const fraction = (rounded % NANO).toString().padStart(9, "0").slice(0, decimals)
  const whole = (rounded / NANO).toLocaleString("en-US")
  return `${minus}$${whole}.${fraction.replace(/(?<=\d{2})0+$/, "")}`
}

/** A count with thousands set apart: `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US")
}

/** Milliseconds for a person: `85ms`, `1.2s`, `3m05s`; a dash for none. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return "–"
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/

/**
 * The moment that `1h`, `24h`, `7d`, `2w`, `2026-11-01` or a date with a time means, in milliseconds
 * since 1970; undefined when it means none. A date alone, or a time without a zone, is UTC.
 */
export function parseSince(text: string, now: number): number | undefined {
  const ago = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text.trim())
  if (ago) return now - Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS]
  if (!DATE.test(text.trim())) return undefined
  const iso = text.trim().replace(" ", "T")
  const zoned = /T/.test(iso) && !/(Z|[+-]\d{2}:?\d{2})$/.test(iso) ? `${iso}Z` : iso
  const day = zoned.slice(0, 10)
  const midnight = new Date(`${day}T00:00:00Z`)
  // The 31st of a month with 30 days would become another day.
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined
  const time = Date.parse(zoned)
  return Number.isNaN(time) ? undefined : time
}
