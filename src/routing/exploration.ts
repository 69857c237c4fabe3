import type { Deployment, Group, RoutingRequest, StrategyContext } from "../core/routing.ts"
import type { Traffic } from "../core/traffic.ts"

/**
 * Milliseconds after which what looked nearly as good is tried again. What looked worse waits longer, by
 * the square root of how much worse, and no more than so many times.
 */
const STALE = 5000
const WORST = 12
/** Milliseconds before something is tried again of which a first try has taught nothing. */
const UNTAUGHT = 5000
/** Requests that are spent on trying again what looked worse: one in so many, at most. */
const ONE_IN = 100

/** What a strategy remembers of the tries that it has made to learn something. */
export interface Exploration {
  /** Tries that may be made, from 0 to 1; each request adds a little. */
  credit: number
  /** Monotonic milliseconds of the last try, by deployment id. */
  readonly tried: Map<string, number>
}

export const newExploration = (): Exploration => ({ credit: 1, tried: new Map() })

/** One deployment as a strategy sees it: lower is better. */
export interface Estimate {
  readonly deployment: Deployment
  /** NaN while unknown. */
  readonly value: number
  /** The value at the very best; absent: it could be anything. */
  readonly hope?: number
  /** Monotonic milliseconds of the sample that `value` is from. */
  readonly at: number
}

/** The best of them that may be used; NaN when none is known. */
export function bestOf(estimates: readonly Estimate[]): number {
  let best = Number.POSITIVE_INFINITY
  for (const { deployment, value } of estimates) {
    if (deployment.weight > 0 && value < best) best = value
  }
  return Number.isFinite(best) ? best : Number.NaN
}

/** What a request was to try out; told again when it is picked. */
const trials = new WeakMap<StrategyContext, { deployment: Deployment; unknown: boolean }>()

/**
 * The deployment that this request should try out, if any:
 * - an unknown one, as long as no other request is trying an unknown one;
 * - one that looked worse than `best` and was not used since, the later the worse it looked; and of
 *   these no more than one request in a hundred, so that what it costs to learn stays small.
 *
 * None that could not be the best even if all went well.
 *
 * @param patience how many times as long it leaves this to other requests
 */
export function toExplore(
  context: StrategyContext,
  { credit, tried }: Exploration,
  estimates: readonly Estimate[],
  best: number,
  patience = 1,
): Deployment | undefined {
  const { now, request } = context
  let found: { deployment: Deployment; unknown: boolean } | undefined
  let most = patience
  for (const { deployment, value, at, hope } of estimates) {
    const { id, weight, health } = deployment
    const unknown = Number.isNaN(value)
    if (weight === 0 || (hope !== undefined && hope > best)) continue
    if (isBeingTried(health.traffic, request)) {
      // Others wait for what an unknown one teaches.
      if (unknown) return undefined
      continue
    }
    if (!unknown && !(value > best && credit >= 1)) continue
    const last = Math.max(at, tried.get(id) ?? Number.NEGATIVE_INFINITY)
    const interval = unknown ? UNTAUGHT : STALE * Math.min(Math.sqrt(value / best), WORST)
    const overdue = (now - last) / interval
    if (overdue < most || (overdue === most && found)) continue
    found = { deployment, unknown }
    most = overdue
  }
  if (found) trials.set(context, found)
  return found?.deployment
}

/** Whether something is under way that will tell what such a request needs to know. */
function isBeingTried({ inFlight, waiting }: Traffic, { stream }: RoutingRequest): boolean {
  if (inFlight === 0 || !stream) return inFlight > 0
  // Whole answers say nothing of the time to a first content.
  return !waiting[Symbol.iterator]().next().done
}

/** Told of every pick. */
export function explored(
  context: StrategyContext,
  memory: Exploration,
  deployment: Deployment,
): void {
  memory.credit = Math.min(1, memory.credit + 1 / ONE_IN)
  const trial = trials.get(context)
  if (trial?.deployment !== deployment) return
  if (!trial.unknown) memory.credit = 0
  memory.tried.set(deployment.id, context.now)
}

/** Told after a reload: forgets deployments that the group no longer has. */
export function keepTried({ tried }: Exploration, { deployments }: Group): void {
  const ids = new Set(deployments.map(({ id }) => id))
  for (const id of tried.keys()) if (!ids.has(id)) tried.delete(id)
}
