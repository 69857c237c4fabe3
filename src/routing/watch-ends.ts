import type { Health } from "./health.ts"

/** The same health, and `ended` told whenever an attempt has: there may be room for another one. */
export function watchEnds(health: Health, ended: () => void): Health {
  return {
    ...health,
    succeed(trial, measured) {
      health.succeed(trial, measured)
      ended()
    },
    fail(trial, error) {
      health.fail(trial, error)
      ended()
    },
    release(trial) {
      health.release(trial)
      ended()
    },
  }
}
