import type {
  Channel,
  Deployment,
  Group,
  RoutingRequest,
  Strategy,
  StrategyContext,
} from "../core/routing.ts"
import type { Candidate } from "./candidate.ts"
import { chosenCanary } from "./canary.ts"
import type { Detour } from "./chain.ts"
import type { Filter, Objection } from "./filters/filter.ts"
import { objectionsTo } from "./filters/objections.ts"
import type { Health } from "./health.ts"
import { settle, settledOf, turnsOf } from "./settled.ts"

export type { Candidate } from "./candidate.ts"

/** What comes before the score, the weightiest first; a candidate's rank is the sum of what it is. */
export const RANKS = { trial: 8, objected: 4, recovering: 2, usual: 1 } as const

/** One that is still being looked at. */
type Looked = { -readonly [Field in keyof Candidate]: Candidate[Field] }

export interface CandidateOptions {
  request: RoutingRequest
  health: Health
  filters: readonly Filter[]
  /** Undefined when a channel's deployment can serve the request at all, else why not. */
  refuses(channel: Channel): string | undefined
  /** A number in [0, 1). */
  random: () => number
}

/** The candidates of one group. */
export interface Candidates {
  /** In config order. */
  readonly all: readonly Candidate[]
  /** What the strategy was told of those that are tried first. */
  readonly context: StrategyContext
  /** The same by rank, where there are several. */
  readonly contexts: readonly (StrategyContext | undefined)[] | undefined
}

/** A group with its candidates as they were when it was looked at. */
export interface Opened extends Candidates {
  readonly group: Group
  /** What led to it; undefined is the usual way. */
  readonly detour: Detour | undefined
  /** Monotonic milliseconds when it was. */
  readonly at: number
  /** How it looked at first, where it was looked at again. */
  readonly first: Opened | undefined
}

/**
 * Filters, ranks and scores the channels of a group for one request. Changes nothing.
 *
 * @param now monotonic milliseconds
 * @param detour what led to the group
 * @param first how it looked before
 */
export function candidatesOf(
  options: CandidateOptions,
  group: Group,
  now: number,
  detour?: Detour,
  first?: Opened,
): Opened {
  const { request, random } = options
  const memory = group.memory(group.strategy)
  // What nearly always is all there is: every channel has the same rank.
  const context: StrategyContext = { request, now, random, memory, candidates: group.channels }
  const objections = objectionsTo(options, group, now)
  const turns = objections ? undefined : turnsOf(group, options.health)
  const settled = turns === undefined ? undefined : settledOf(group, turns)
  if (settled) return { group, detour, at: now, all: settled, context, contexts: undefined, first }
  const all = looked(options, group, objections)
  if (all.length === group.channels.length && areAlike(all)) {
    score(all, context, group.strategy)
    if (turns !== undefined) settle(group, turns, all)
    return { group, detour, at: now, all, context, contexts: undefined, first }
  }
  const contexts = scoreByRank(all, context, group.strategy)
  const best = contexts.find((each) => each !== undefined) ?? { ...context, candidates: [] }
  return { group, detour, at: now, all, context: best, contexts, first }
}

/** What a strategy was told when it scored a candidate and those of the same rank. */
export function contextOf({ context, contexts }: Candidates, { rank }: Candidate): StrategyContext {
  return contexts?.[rank] ?? context
}

/** All channels, ranked. */
function looked(
  { request, health, random }: CandidateOptions,
  group: Group,
  objections: readonly (Objection | undefined)[] | undefined,
): Looked[] {
  const canary = chosenCanary(group, request, random)
  const all: Looked[] = []
  for (const deployment of group.deployments) {
    /** One draw for all keys, else the turn of one that is left out would be its neighbour's. */
    let draw = Number.NaN
    for (const channel of deployment.channels) {
      const place = all.length
      const standing = health.standing(channel)
      const objection = objections?.[place]
      let rank = rankOf(deployment, canary, objection)
      if (standing.state !== "ready") rank = Number.POSITIVE_INFINITY
      else if (standing.share < 1) {
        if (Number.isNaN(draw)) draw = random()
        if (draw >= standing.share) rank += RANKS.recovering
      }
      all.push({ channel, standing, objection, rank, score: Number.NaN, place })
    }
  }
  return all
}

/** Whether all may be used and have one rank. */
function areAlike(all: readonly Candidate[]): boolean {
  const rank = all[0]?.rank ?? Number.POSITIVE_INFINITY
  if (rank === Number.POSITIVE_INFINITY) return false
  for (const candidate of all) if (candidate.rank !== rank) return false
  return true
}

/** Scores those of each rank among themselves. @returns what the strategy was told of each rank */
function scoreByRank(
  all: readonly Looked[],
  unasked: StrategyContext,
  strategy: Strategy,
): (StrategyContext | undefined)[] {
  /** Those of one rank; few ranks are ever there. */
  const ranked: (Looked[] | undefined)[] = []
  for (const candidate of all) {
    const { rank } = candidate
    if (rank === Number.POSITIVE_INFINITY) continue
    const peers = ranked[rank]
    if (peers) peers.push(candidate)
    else ranked[rank] = [candidate]
  }
  const contexts: (StrategyContext | undefined)[] = []
  for (const [rank, peers] of ranked.entries()) {
    if (!peers) continue
    const context = { ...unasked, candidates: peers.map(({ channel }) => channel) }
    contexts[rank] = context
    score(peers, context, strategy)
  }
  return contexts
}

/** Whether `a` is tried before `b`, where both may be tried. */
export function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank
  if (a.score !== b.score) return a.score < b.score
  return a.place < b.place
}

function rankOf(
  deployment: Deployment,
  canary: Deployment | undefined,
  objection: Objection | undefined,
): number {
  if (objection && !objection.soft) return Number.POSITIVE_INFINITY
  const objected = objection ? RANKS.objected : 0
  if (deployment === canary) return objected
  return objected + RANKS.usual + (deployment.percent === undefined ? 0 : RANKS.trial)
}

function score(peers: readonly Looked[], context: StrategyContext, strategy: Strategy): void {
  const scoreOf = strategy.scorer(context)
  const shared = strategy.scope === "deployment"
  for (let begin = 0, end = 0; begin < peers.length; begin = end) {
    const { deployment } = peers[begin]!.channel
    while (peers[end]?.channel.deployment === deployment) end++
    for (let index = begin; index < end; index++) {
      const candidate = peers[index]!
      if (shared && index > begin) candidate.score = peers[begin]!.score
      else candidate.score = comparable(scoreOf(candidate.channel))
    }
    if (shared && end - begin > 1) takeTurns(peers, begin, end)
  }
}

/** What cannot be compared comes last, and is not left out. */
function comparable(score: number): number {
  return Number.isNaN(score) ? Number.POSITIVE_INFINITY : score
}

/** Turns the places of one deployment's keys round, only among those that are equal otherwise. */
function takeTurns(peers: readonly Looked[], begin: number, end: number): void {
  const keys = end - begin
  const { place, channel } = peers[begin]!
  const turn = channel.deployment.health.turn % keys
  for (let index = 0; index < keys; index++) {
    peers[begin + index]!.place = place + ((index - turn + keys) % keys)
  }
}
