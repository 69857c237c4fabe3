/** A bucket that fills evenly and holds what comes in a minute. */
export interface Bucket {
  /** What is in it. */
  level(now: number): number
  /** Milliseconds until `amount` is in it; 0 when it is, Infinity when it never fits. */
  wait(now: number, amount: number): number
  take(now: number, amount: number): void
  readonly perMinute: number
}

/** @param now virtual milliseconds; it begins full */
export function createBucket(perMinute: number): Bucket {
  let filled = perMinute
  let at = 0
  const level = (now: number) => Math.min(perMinute, filled + ((now - at) * perMinute) / 60_000)
  return {
    perMinute,
    level,
    wait(now, amount) {
      const lack = amount - level(now)
      if (lack <= 0) return 0
      return amount > perMinute ? Number.POSITIVE_INFINITY : (lack * 60_000) / perMinute
    },
    take(now, amount) {
      filled = level(now) - amount
      at = now
    },
  }
}
