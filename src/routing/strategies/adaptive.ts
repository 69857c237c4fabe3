import type { Channel, Deployment, RoutingRequest, StrategyContext } from "../../core/routing.ts"
import {
  type Appraisal,
  appraise,
  type Guess,
  LEAST_CACHED,
  type Matter,
  orElse,
  sumOf,
} from "../appraisal.ts"
import { type Bindings, createBindings, isWarm } from "../bindings.ts"
import { aligned } from "../aligned.ts"
import { defineStrategy } from "../define-strategy.ts"
import { deploymentsOf, expectedOutput, place } from "../estimate.ts"
import {
  type Estimate,
  type Exploration,
  explored,
  keepTried,
  newExploration,
  toExplore,
} from "../exploration.ts"
import { drawsOf } from "../rendezvous.ts"

/**
 * Those that are worse than the best by at most this share of its time count as equally good: times are
 * guessed, prices are known.
 */
const UNSURE = 0.05
/** Milliseconds that stand for a time while no time is known at all. */
const USUAL_TIME = 1000
/** Milliseconds that put what is unknown behind all that is known. */
const UNKNOWN = 1e7
/** How many times as long conversations leave it to other requests to try something out. */
const PATIENCE = 10
/** How much of the best known time an unknown one is taken for, where single requests try it. */
const HOPE = 0.5

interface Memory {
  readonly exploration: Exploration
  readonly bindings: Bindings
}

/**
 * One score in milliseconds for what a request is expected to take: the time to its first content (or
 * to its end), its price, at which a second is worth a cent, what failures of the past foretell, and
 * how near a limit is. A warm prompt cache makes both time and price smaller, so a conversation stays
 * where it is unless somewhere else is better all in all. Those that are worse than the best by at most
 * 5 % of its time share the traffic: a new conversation by a hash that is the same on all replicas, anything else by weight and by
 * what is in flight. What is unknown, or was worse long ago, is tried out by single requests if it could be the
 * best, see {@link toExplore}. Weight 0 comes last.
 */
export const adaptive = defineStrategy<Memory>({
  name: "adaptive",
  description: "Weighs health, time, price, limits and prompt caches in one score",
  aliases: ["auto", "smart", "balanced"],
  scope: "channel",
  createMemory: () => ({ exploration: newExploration(), bindings: createBindings() }),
  scorer(context) {
    const { candidates, request, random, now } = context
    const matter = matterOf(context)
    const { binding } = matter
    const { scores, best, alike, estimates } = outlookOf(candidates, matter)
    // A conversation is not the place to try something out, as long as there are other requests.
    const patience = binding && isWarm(binding.current, now) ? PATIENCE : 1
    const { exploration } = context.memory
    const trial = toExplore(context, exploration, estimates, best, patience)
    const scoreOf = aligned(candidates, scores)
    const session = cachedSession(request)
    const drawOf = session === undefined ? undefined : drawsOf(session)
    return (channel) => {
      const { deployment } = channel
      if (deployment.weight === 0) return Number.POSITIVE_INFINITY
      if (deployment === trial) return -2
      const score = scoreOf(channel) ?? Number.POSITIVE_INFINITY
      if (score > alike) return score
      if (channel.id === binding?.current.channel) return -1
      return best * place(drawOf ? drawOf(channel) : loadOf(channel, random()))
    }
  },
  picked: ({ deployment }, context) => explored(context, context.memory.exploration, deployment),
  keep: ({ exploration }, group) => keepTried(exploration, group),
  answered(channel, { request, memory, now }) {
    const session = cachedSession(request)
    if (session === undefined) return
    memory.bindings.answered(session, channel, now, request.inputTokens)
  },
  explain(channel, context) {
    const matter = matterOf(context)
    const { scores } = outlookOf(context.candidates, matter)
    const sum = aligned(context.candidates, scores)(channel) ?? Number.NaN
    return { ...appraise(channel, matter), sum }
  },
})

/** How all candidates look for one request. */
interface Outlook {
  /** In the candidates' order. */
  readonly scores: Float64Array
  readonly best: number
  /** Up to which score others count as equally good. */
  readonly alike: number
  readonly estimates: readonly Estimate[]
}

/** The session of a request that is long enough for a prompt cache: a shorter one may go anywhere. */
function cachedSession({ session, inputTokens }: RoutingRequest): string | undefined {
  return inputTokens < LEAST_CACHED ? undefined : session
}

function matterOf({ request, now, candidates, memory }: StrategyContext<Memory>): Matter {
  const session = cachedSession(request)
  const output = expectedOutput(request, deploymentsOf(candidates))
  const binding = session === undefined ? undefined : memory.bindings.get(session)
  return { request, now, output, binding }
}

function outlookOf(candidates: readonly Channel[], matter: Matter): Outlook {
  const appraisals = candidates.map((channel) => appraise(channel, matter))
  const guess = guessOf(appraisals)
  const scores = new Float64Array(candidates.length)
  const estimates: Estimate[] = []
  let last: Deployment | undefined
  let best = Number.POSITIVE_INFINITY
  let alike = best
  for (let index = 0; index < candidates.length; index++) {
    const { deployment } = candidates[index]!
    const appraisal = appraisals[index]!
    const unknown = Number.isNaN(appraisal.time)
    const score = sumOf(appraisal, guess)
    scores[index] = unknown && guess.known ? score + UNKNOWN : score
    if (scores[index]! < best && deployment.weight > 0) {
      best = scores[index]!
      alike = best + UNSURE * orElse(appraisal.time, guess.time)
    }
    // The first key stands for all: only limits and caches tell them apart.
    if (deployment === last) continue
    last = deployment
    const { at } = deployment.health.traffic.success
    const hope = hopeOf(appraisal, guess)
    estimates.push({ deployment, value: unknown ? Number.NaN : score, hope, at })
  }
  return { scores, best, alike, estimates }
}

/** The score if all that may have changed went well: as fast as can be hoped, and without failures. */
function hopeOf({ time, cost, pressure }: Appraisal, guess: Guess): number {
  const hoped = guess.time * HOPE
  return (time < hoped ? time : hoped) + orElse(cost, guess.cost) + pressure
}

/** What is unknown is taken for as good as the best known time, and as dear as the dearest. */
function guessOf(appraisals: readonly Appraisal[]): Guess & { known: boolean } {
  let time = Number.POSITIVE_INFINITY
  let cost = 0
  for (const appraisal of appraisals) {
    if (appraisal.time < time) time = appraisal.time
    if (appraisal.cost > cost) cost = appraisal.cost
  }
  const known = Number.isFinite(time)
  return { known, time: known ? time : USUAL_TIME, cost }
}

/** How busy a channel is for its share of the deployment's weight, with a draw among equals. */
function loadOf({ deployment, health }: Channel, random: number): number {
  const { weight, channels } = deployment
  return ((health.traffic.inFlight - Math.log(1 - random)) * channels.length) / weight
}
