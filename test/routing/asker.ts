import type { Deployment, Group, RoutingRequest, Strategy } from "../../src/core/routing.ts"
import {
  type Candidate,
  type CandidateOptions,
  type Candidates,
  candidatesOf,
  contextOf,
  isBetter,
} from "../../src/routing/candidates.ts"
import { createHealth, type Health, type HealthRules } from "../../src/routing/health.ts"
import type { StrategyName } from "../../src/routing/strategies/index.ts"
import { group, request, RULES, testClock } from "./parts.ts"

export interface AskerOptions extends Partial<Pick<CandidateOptions, "filters" | "refuses">> {
  strategy: StrategyName | Strategy
  /** Made with `health`. */
  deployments: (health: Health) => readonly Deployment[]
  random?: () => number
  rules?: HealthRules
}

/** Asks one group for its best channel, again and again, without sending anything. */
export function asker(options: AskerOptions) {
  const { strategy, random = () => 0.5, filters = [], refuses = () => undefined } = options
  const { rules = RULES } = options
  const clock = testClock()
  const health = createHealth(clock, () => rules)
  const deployments = options.deployments(health)
  const asked = group("g", deployments, { strategy })

  function ask(about: Partial<RoutingRequest> = {}, present?: readonly Deployment[]): Candidates {
    const seen: Group = present ? { ...asked, deployments: present } : asked
    const now = clock.now()
    const options = { request: request(about), health, filters, refuses, random }
    return candidatesOf(options, seen, now)
  }

  /** Takes the best, as a request does. */
  function pick(
    about?: Partial<RoutingRequest>,
    present?: readonly Deployment[],
  ): Candidate & Pick<Candidates, "context"> {
    const looked = ask(about, present)
    const [best] = inOrder(looked)
    if (!best) throw new Error("nothing is usable")
    best.channel.deployment.health.turn++
    const context = contextOf(looked, best)
    asked.strategy.picked?.(best.channel, context)
    return { ...best, context }
  }

  return { clock, health, deployments, group: asked, ask, pick }
}

/** Those that may be used now, in the order in which they are tried. */
export function inOrder({ all }: Pick<Candidates, "all">): Candidate[] {
  return all
    .filter(({ score }) => !Number.isNaN(score))
    .toSorted((a, b) => (isBetter(a, b) ? -1 : isBetter(b, a) ? 1 : 0))
}

/** How often each name is in the list. */
export function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
