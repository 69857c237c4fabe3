import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { Deployment } from "../../src/core/routing.ts"
import type { HealthRules, Trial } from "../../src/routing/health.ts"
import { createRetryBudget } from "../../src/routing/retry-budget.ts"
import type { StrategyName } from "../../src/routing/strategies/index.ts"
import { createWalk, type Step, type Walk } from "../../src/routing/walk.ts"
import { asker } from "./asker.ts"
import { deployment, request, RULES, table } from "./parts.ts"
import { seeded } from "./seeded.ts"

const PICKS = 100_000
/** Requests under way at the same time. */
const CONCURRENT = 30
/** Short, so that deployments come and go all the time. */
const RESTLESS: HealthRules = {
  ...RULES,
  cooldown: { ...RULES.cooldown, server: 40, network: 20, rateLimit: 60 },
  breaker: { ...RULES.breaker, open: 50, maxOpen: 100 },
}
const FAILURES = ["upstream-error", "upstream-unreachable", "upstream-rate-limited"] as const

interface Attempt {
  walk: Walk
  step: Step
  trial: Trial
  failed: Set<Deployment>
}

/**
 * Requests by the real walk, with answers and failures that come in another order than the requests.
 *
 * @returns how often each deployment was picked, and how often it should have been: at each pick its
 * share among those that could have been
 */
function run(strategy: StrategyName, weights: readonly number[], failing: number) {
  const random = seeded(weights.length)
  const { clock, health, group } = asker({
    strategy,
    rules: RESTLESS,
    deployments: (health) => weights.map((weight, i) => deployment(`p/${i}`, { weight, health })),
  })
  const options = { table: table([group]), budget: createRetryBudget(), filters: [] }
  const picked = weights.map(() => 0)
  const ideal = weights.map(() => 0)
  const underWay: Attempt[] = []
  let picks = 0

  function go(walk: Walk, failed: Set<Deployment>): void {
    const step = walk.next()
    if (!step) return
    const { deployment } = step.channel
    if (step.why === "first" || step.why === "next") {
      const { candidates } = walk.opened[0]!.context
      const able = candidates.map((each) => each.deployment).filter((each) => !failed.has(each))
      const total = able.reduce((sum, { weight }) => sum + weight, 0)
      for (const { model, weight } of able) ideal[Number(model)]! += weight / total
      picked[Number(deployment.model)]!++
      picks++
    }
    underWay.push({ walk, step, trial: walk.begin(step), failed })
  }

  function end({ walk, step, trial, failed }: Attempt): void {
    if (random() >= failing) {
      walk.answered(step)
      health.succeed(trial)
      return
    }
    const kind = FAILURES[Math.floor(random() * FAILURES.length)]!
    const error = new GatewayError(kind, "")
    health.fail(trial, error)
    failed.add(step.channel.deployment)
    if (walk.failed(step, error)) go(walk, failed)
  }

  while (picks < PICKS) {
    clock.advance(random())
    const walk = createWalk({
      ...options,
      resolution: { group },
      health,
      clock,
      random,
      request: request(),
      refuses: () => undefined,
    })
    const before = underWay.length
    go(walk, new Set())
    // Where nothing is usable, time goes on for those that are under way.
    const most = underWay.length > before ? CONCURRENT : Math.max(0, before - 1)
    while (underWay.length > most) {
      const [attempt] = underWay.splice(Math.floor(random() * underWay.length), 1)
      end(attempt!)
    }
  }
  return { picked, ideal }
}

const SETS = [
  [1, 1],
  [1, 1, 1],
  [1, 1, 1, 1],
  [1, 1, 1, 1, 1, 1, 1],
  [5, 1, 1],
  [3, 2, 2, 1],
]

describe.each(SETS.map((weights) => ({ weights })))(
  "picks among weights $weights",
  ({ weights }) => {
    test.each([0, 0.03])("by turns are exact, when the share %p of attempts fails", (failing) => {
      const { picked, ideal } = run("round-robin", weights, failing)
      for (const [i, expected] of ideal.entries()) {
        expect(Math.abs(picked[i]! - expected) / expected).toBeLessThan(0.01)
      }
      if (failing === 0) {
        for (const [i, expected] of ideal.entries()) {
          expect(Math.abs(picked[i]! - expected)).toBeLessThan(weights.length / 2)
        }
      }
    })

    test("by lot are as chance has it, when some attempts fail", () => {
      const { picked, ideal } = run("weighted", weights, 0.03)
      for (const [i, expected] of ideal.entries()) {
        const off = Math.abs(picked[i]! - expected)
        expect(off / PICKS).toBeLessThan(0.01)
        expect(off).toBeLessThan(4 * Math.sqrt(expected))
      }
    })
  },
)
