import type { Channel, StrategyContext } from "../../core/routing.ts"
import {
  type Appraisal,
  appraise,
  type Guess,
  type Matter,
  orElse,
  placeOf,
  sumOf,
} from "../appraisal.ts"
import { type Bindings, createBindings, isWarm } from "../bindings.ts"
import { defineStrategy } from "../define-strategy.ts"
import { deploymentsOf, expectedOutput, place } from "../estimate.ts"
import {
  type Estimate,
  type Exploration,
  explored,
  newExploration,
  toExplore,
} from "../exploration.ts"
import { drawOf } from "../rendezvous.ts"

/** Those that are at most so much worse than the best count as equally good. */
const BUFFER = 1.05
/** Milliseconds that stand for a time while no time is known at all. */
const USUAL_TIME = 1000
/** Milliseconds that put what is unknown behind all that is known. */
const UNKNOWN = 1e7
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
 * where it is unless somewhere else is better all in all. Those within 5 % of the best share the traffic: a new
 * conversation by a hash that is the same on all replicas, anything else by weight and by what is in
 * flight. What is unknown, or was worse long ago, is tried out by single requests if it could be the
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
    const { exploration } = context.memory
    const matter = matterOf(context)
    const { binding } = matter
    const { scores, best, estimates } = outlookOf(candidates, matter)
    // A conversation is not the place to try something out.
    const settled = binding !== undefined && isWarm(binding.current, now)
    const trial = settled ? undefined : toExplore(context, exploration, estimates, best)
    return (channel) => {
      const { deployment } = channel
      if (deployment.weight === 0) return Number.POSITIVE_INFINITY
      if (deployment === trial) return -2
      const score = scores.get(channel) ?? Number.POSITIVE_INFINITY
      if (score > best * BUFFER) return score
      if (placeOf(channel, binding)) return -1
      const { session } = request
      return (
        best * place(session === undefined ? loadOf(channel, random()) : drawOf(session, channel))
      )
    }
  },
  picked: ({ deployment }, context) => explored(context, context.memory.exploration, deployment),
  answered(channel, { request, memory, now }) {
    if (request.session === undefined) return
    memory.bindings.answered(request.session, channel, now, request.inputTokens)
  },
  explain(channel, context) {
    const matter = matterOf(context)
    const { scores } = outlookOf(context.candidates, matter)
    return { ...appraise(channel, matter), sum: scores.get(channel) ?? Number.NaN }
  },
})

/** How all candidates look for one request. */
interface Outlook {
  readonly scores: ReadonlyMap<Channel, number>
  readonly best: number
  readonly estimates: readonly Estimate[]
}

function matterOf({ request, now, candidates, memory }: StrategyContext<Memory>): Matter {
  const { session } = request
  const output = expectedOutput(request, deploymentsOf(candidates))
  const binding = session === undefined ? undefined : memory.bindings.get(session)
  return { request, now, output, binding }
}

function outlookOf(candidates: readonly Channel[], matter: Matter): Outlook {
  const appraisals = candidates.map((channel) => appraise(channel, matter))
  const guess = guessOf(appraisals)
  const isKnown = appraisals.some(({ time }) => !Number.isNaN(time))
  const scores = new Map<Channel, number>()
  const estimates: Estimate[] = []
  let best = Number.POSITIVE_INFINITY
  for (const [index, channel] of candidates.entries()) {
    const { deployment } = channel
    const appraisal = appraisals[index]!
    const unknown = isKnown && Number.isNaN(appraisal.time)
    const score = sumOf(appraisal, guess) + (unknown ? UNKNOWN : 0)
    scores.set(channel, score)
    if (score < best && deployment.weight > 0) best = score
    // The first key stands for all: only limits and caches tell them apart.
    if (estimates[estimates.length - 1]?.deployment === deployment) continue
    const time = Math.min(orElse(appraisal.time, guess.time), guess.time * HOPE)
    estimates.push({
      deployment,
      value: Number.isNaN(appraisal.time) ? Number.NaN : score,
      hope: sumOf({ ...appraisal, time, generation: 0, risk: 0 }, guess),
      at: deployment.health.traffic.success.at,
    })
  }
  return { scores, best, estimates }
}

/** What is unknown is taken for as good as the best known time, and as dear as the dearest. */
function guessOf(appraisals: readonly Appraisal[]): Guess {
  let time = Number.POSITIVE_INFINITY
  let cost = 0
  for (const appraisal of appraisals) {
    if (appraisal.time < time) time = appraisal.time
    if (appraisal.cost > cost) cost = appraisal.cost
  }
  return { time: Number.isFinite(time) ? time : USUAL_TIME, cost }
}

/** How busy a channel is for its share of the deployment's weight, with a draw among equals. */
function loadOf({ deployment, health }: Channel, random: number): number {
  const { weight, channels } = deployment
  return ((health.traffic.inFlight - Math.log(1 - random)) * channels.length) / weight
}
