const DURATION_UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const SIZE_UNITS: Record<string, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** `250ms`, `60s`, `5m`, `1.5h`, `1d` or a number of milliseconds, as milliseconds; undefined when it is none of these. */
export function parseDuration(value: string | number): number | undefined {
  return parseAmount(value, DURATION_UNITS)
}

/** `512b`, `64kb`, `32mb`, `1gb` or a number of bytes, as bytes; undefined when it is none of these. */
export function parseSize(value: string | number): number | undefined {
  const bytes = parseAmount(value, SIZE_UNITS)
  return bytes === undefined ? undefined : Math.floor(bytes)
}

function parseAmount(value: string | number, units: Record<string, number>): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : undefined
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(value)
  const unit = match && units[match[2]!]
  return unit ? Number(match[1]) * unit : undefined
}
