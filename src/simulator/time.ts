import { parseDuration } from "../core/units.ts"

/** Milliseconds of a checked length of time. */
export function msOf(time: string | number): number {
  const ms = parseDuration(time)
  if (ms === undefined) throw new Error(`\`${time}\` is no length of time`)
  return ms
}
