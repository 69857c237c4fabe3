import { Life } from "../../core/life.ts"
import { clientGone, type GatewayError, toGatewayError } from "../../core/error.ts"
import { type Due, tooLate } from "../../routing/due.ts"
import type { Trial } from "../../routing/health.ts"
import type { Step, Walk } from "../../routing/walk.ts"
import type { Events, GoOn } from "../attempt.ts"
import { recordRest } from "../attempt-record.ts"
import { type AttemptOptions, attemptOn } from "../attempt-on.ts"
import type { GatewayContext } from "../context.ts"
import { UnderWay } from "../under-way.ts"
import { nextPart, type Part } from "./part.ts"
import { shareOf, sumOf } from "./share.ts"
import type { Voice } from "./voice.ts"

export interface GoOnOptions {
  context: GatewayContext
  attempting: AttemptOptions
  /** The decision that led to the first upstream, and its step. */
  walk: Walk
  step: Step
  /** How long the next one may take to begin. */
  due: Due
}

/** Upstreams that go on with one answer, after the first. */
const MOST = 2

export function createGoOn({ context, attempting, walk, step, due }: GoOnOptions): GoOn {
  const { asked, request } = attempting
  const { exchange, progress, snapshot } = asked
  const { budget, clock, health, timers, logger } = context
  let latest = step
  let left = MOST
  /** Whom another one is searched for. */
  let cut: Events | undefined
  /** Ends the attempts of one search. */
  let end: ((error: GatewayError) => void) | undefined

  /** Tries one healthy channel after the other that was not tried yet. */
  async function find(part: Part, search: Life, underWay: UnderWay): Promise<Events | undefined> {
    while (!search.aborted && !exchange.signal.aborted) {
      const step = walk.next()
      if (!step) return undefined
      if (step.why !== "first" && step.why !== "next") {
        walk.abandoned(step)
        return undefined
      }
      const made = { ...step, why: "continuation" } as const
      // Of its own: a failed attempt may have been ended, and the search goes on.
      const life = new Life()
      const stop = () => life.abort(search.reason)
      search.addEventListener("abort", stop)
      try {
        const found = (await attemptOn(
          context,
          { asked, request, underWay, part: () => part },
          made,
          walk.begin(step),
          life,
        )) as Events
        // It was ended, and that is written down, when it had just begun.
        if (!underWay.delete(found.record)) {
          walk.abandoned(step)
          drop(found)
          return undefined
        }
        walk.answered(step)
        latest = step
        return found
      } catch (thrown) {
        if (!walk.failed(step, toGatewayError(thrown))) return undefined
      } finally {
        search.removeEventListener("abort", stop)
      }
    }
    return undefined
  }

  async function goOn(
    broken: Events,
    voice: Voice,
    error: GatewayError,
  ): Promise<Events | undefined> {
    const share = shareOf(broken, request.inputTokens)
    const spent = sumOf([...progress.earlier, share].map(({ usage }) => usage))
    const part = nextPart(voice, spent)
    const found = await search(part)
    if (found && opened(found, part)) {
      progress.earlier = [...progress.earlier, share]
      broken.record.cost = share.cost
      progress.hold?.settle(share.cost)
      take(found)
      logger.warn("another upstream goes on with a stream that broke off", {
        id: exchange.id,
        channel: found.trial.channel.id,
        broken: broken.trial.channel.id,
        error: error.kind,
        message: error.message,
        bytes: part.before,
      })
      return found
    }
    progress.channel = broken.trial.channel
    return undefined
  }

  /** Searches for as long as the first upstream might have taken to begin. */
  async function search(part: Part): Promise<Events | undefined> {
    const life = new Life()
    const underWay = new UnderWay()
    end = (error) => {
      recordRest(underWay, request, clock, error)
      life.abort(error)
    }
    exchange.work = { cut: end }
    const late = () => end?.(tooLate(due))
    const stop = Number.isFinite(due.ms) ? timers.after(due.ms, late) : undefined
    try {
      return await find(part, life, underWay)
    } finally {
      stop?.()
    }
  }

  /** Puts what an upstream has said so far in front of what it will say. */
  function opened(found: Events, part: Part): boolean {
    const { head, trial } = found
    try {
      const rest = part.open()
      head.splice(0, head.length, ...note(trial), ...(rest ? [rest] : []))
      return true
    } catch (thrown) {
      logger.error("a stream could not be gone on with", {
        id: exchange.id,
        cause: thrown instanceof Error ? thrown.stack : String(thrown),
      })
      drop(found)
      return false
    }
  }

  function drop({ flow, trial, hold, record }: Events): void {
    flow.cancel()
    health.release(trial)
    hold?.settle(record.wasted || null)
  }

  function take({ trial, hold, life }: Events): void {
    progress.channel = trial.channel
    progress.hold = hold
    exchange.work = { cut: (error) => life.abort(error) }
  }

  /** What tells whoever reads the stream itself, and nobody else. */
  function note({ channel }: Trial): Uint8Array[] {
    if (!exchange.protocol.ingress.comments) return []
    const { headers } = snapshot.settings.server
    const by = headers ? ` by ${encodeURI(channel.deployment.id.toWellFormed())}` : ""
    return [Buffer.from(`: llmrouter continuation${by}\n\n`)]
  }

  return {
    async next(broken, error) {
      cut = broken
      const voice = broken.call.part?.voice
      if (!voice?.unfinished || broken.relay.stopped) return undefined
      if (left === 0 || error.rule.next === "fail") return undefined
      if (!walk.failed(latest, error)) return undefined
      const give = budget.take()
      if (!give) return undefined
      left--
      try {
        return await goOn(broken, voice, error)
      } finally {
        give()
      }
    },
    cancel() {
      end?.(clientGone())
      if (cut) progress.channel = cut.trial.channel
    },
  }
}
