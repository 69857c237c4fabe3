import type { Health } from "./health.ts"

/** The same health, and `ended` told whenever an attempt has: there may be room for another one. */
export function watchEnds(health: Health, ended: () => void): Health {
  return {
    ...health,
    succeed(trial, measured) {
      health.succeed(trial, measured)
      ended()
    },
    fail(trial, error, measured) {
      health.fail(trial, error, measured)
      ended()
    },
    release(trial, measured) {
      health.release(trial, measured)
      ended()
    },
  }
}
