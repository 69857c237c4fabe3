import { describe, expect, test } from "bun:test"
import { type ErrorKind, GatewayError } from "../../src/core/error.ts"
import { type StrategyName, strategies } from "../../src/routing/strategies/index.ts"
import { growthOf, LINEAR } from "../support/growth.ts"
import { fleet } from "./fleet.ts"

const names = Object.keys(strategies) as StrategyName[]

describe.each(names)("%s", (name) => {
  test.each<ErrorKind>([
    "upstream-error",
    "upstream-unreachable",
    "upstream-rate-limited",
    "upstream-unauthorized",
    "upstream-model-missing",
    "unsupported",
  ])("lets a request find the only one that does not answer with %s", (kind) => {
    for (let well = 0; well < 12; well++) {
      const { group, health, walk } = fleet(name, 12)
      const working = group.channels[well]!
      // The second request finds what the first one has left.
      for (let request = 0; request < 2; request++) {
        const attempts = walk({ session: `session-${request}` })
        let step = attempts.next()
        while (step && step.channel !== working) {
          const error = new GatewayError(kind, "")
          health.fail(attempts.begin(step), error)
          attempts.failed(step, error)
          step = attempts.next()
        }
        expect(step?.channel.id).toBe(working.id)
        health.succeed(attempts.begin(step!))
        attempts.answered(step!)
      }
    }
  })

  test("decides in linear time", () => {
    const growth = growthOf((size) => {
      const { walk } = fleet(name, size)
      return () => {
        for (let decisions = 0; decisions < 100; decisions++) walk().next()
      }
    }, 32)
    expect(growth).toBeLessThan(LINEAR)
  })
})
