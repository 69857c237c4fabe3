import type { RoutingRequest } from "../../src/core/routing.ts"
import { filters } from "../../src/routing/filters/index.ts"
import { createHealth } from "../../src/routing/health.ts"
import { createRetryBudget } from "../../src/routing/retry-budget.ts"
import type { StrategyName } from "../../src/routing/strategies/index.ts"
import { createWalk, type Walk } from "../../src/routing/walk.ts"
import { deployment, group, request, RULES, table, testClock } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** Many deployments that have answered requests before, and a decision among them. */
export function fleet(strategy: StrategyName, size: number) {
  const random = seeded(size)
  const clock = testClock()
  const health = createHealth(clock, () => RULES)
  const deployments = Array.from({ length: size }, (_, i) =>
    deployment(`vendor-${i}/model-${i}`, {
      health,
      weight: 1 + (i % 3),
      limits: { rpm: 1e6, tpm: 1e9 },
      window: 200_000,
      cost: ({ input, output }) => (100 + (i % 7)) * (input + 5 * output),
    }),
  )
  // Often enough that it is known how times grow with sizes.
  for (let round = 0; round < 4; round++) {
    for (const { channels } of deployments) {
      const input = 100 + 4000 * random()
      const ttft = 300 * random() + 0.1 * input
      const trial = health.begin(channels[0]!, 600, true, input)
      clock.advance(ttft)
      health.answered(trial)
      health.succeed(trial, {
        duration: ttft + 1000 * random(),
        ttft,
        stream: true,
        input,
        output: 500,
        cacheRead: 50,
      })
    }
  }
  const asked = group("g", deployments, { strategy })
  const routes = table([asked])
  const budget = createRetryBudget()

  const walk = (about: Partial<RoutingRequest> = {}): Walk =>
    createWalk({
      resolution: { group: asked },
      table: routes,
      health,
      clock,
      budget,
      filters,
      random,
      request: request({ stream: true, session: "session-1", ...about }),
      refuses: () => undefined,
    })

  return { clock, health, group: asked, random, walk }
}
