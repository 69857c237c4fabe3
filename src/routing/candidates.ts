import type { Channel, Group, RoutingRequest, StrategyContext } from "../core/routing.ts"
import type { Filter, Objection } from "./filters/filter.ts"
import type { Health, Standing } from "./health.ts"

/** One channel of a group, as it looks for one request. */
export interface Candidate {
  readonly channel: Channel
  readonly standing: Standing
  /** Why it is not to be used, or only when nothing else is left. */
  readonly objection: Objection | undefined
  /** The strategy's, lower is better; NaN where it was not asked. */
  score: number
  /** Its key's place in the turn of its deployment. */
  readonly turn: number
}

export interface CandidateOptions {
  group: Group
  request: RoutingRequest
  health: Health
  filters: readonly Filter[]
  /** Undefined when a channel's deployment can serve the request at all, else why not. */
  refuses(channel: Channel): string | undefined
  now: number
  random(): number
}

/** The candidates of one group with the context that its strategy scored them in. */
export interface Candidates {
  readonly all: readonly Candidate[]
  readonly context: StrategyContext
}

/** Filters and scores the channels of a group for one request. Changes nothing. */
export function candidatesOf(options: CandidateOptions): Candidates {
  const { group, request, health, filters, now } = options
  const all: Candidate[] = []
  const usable: Channel[] = []
  for (const deployment of group.deployments) {
    const [first] = deployment.channels
    if (!first) continue
    const objection = objectionTo(first)
    const keys = deployment.channels.length
    for (const [index, channel] of deployment.channels.entries()) {
      const standing = health.standing(channel)
      if (standing.state === "ready" && (!objection || objection.soft)) usable.push(channel)
      const turn = keys > 1 ? (index - (deployment.health.turn % keys) + keys) % keys : 0
      all.push({ channel, standing, objection, score: Number.NaN, turn })
    }
  }
  const { strategy } = group
  const context: StrategyContext = {
    request,
    now,
    random: options.random,
    candidates: usable,
    memory: group.memory(strategy),
  }
  const score = strategy.scorer(context)
  let last: Candidate | undefined
  for (const candidate of all) {
    if (candidate.standing.state !== "ready") continue
    if (candidate.objection && !candidate.objection.soft) continue
    const shared = strategy.scope === "deployment" && last?.channel.deployment
    candidate.score =
      shared === candidate.channel.deployment ? last!.score : score(candidate.channel)
    last = candidate
  }
  return { all, context }

  function objectionTo(channel: Channel): Objection | undefined {
    const refusal = options.refuses(channel)
    if (refusal !== undefined) return { filter: "protocol", why: refusal }
    let soft: Objection | undefined
    for (const filter of filters) {
      const found = filter.check(channel.deployment, request, group, now)
      if (!found) continue
      const objection = { filter: filter.name, ...found }
      if (!found.soft) return objection
      soft ??= objection
    }
    return soft
  }
}

/** Whether `a` is tried before `b`, where both may be tried. */
export function isBetter(a: Candidate, b: Candidate): boolean {
  const soft = Number(a.objection !== undefined) - Number(b.objection !== undefined)
  if (soft !== 0) return soft < 0
  if (a.score !== b.score) return a.score < b.score
  return a.channel.deployment === b.channel.deployment && a.turn < b.turn
}
