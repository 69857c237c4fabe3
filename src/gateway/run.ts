import { clientGone, type GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Protocol, RequestEnvelope } from "../core/protocol.ts"
import type { Deployment } from "../core/routing.ts"
import { exhausted } from "../routing/exhausted.ts"
import type { Trial } from "../routing/health.ts"
import type { Resolution } from "../routing/resolve.ts"
import { createWalk } from "../routing/walk.ts"
import { attempt, type Committed } from "./attempt.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
import { explain, OURS } from "./explain.ts"
import type { Progress } from "./finish.ts"

export interface RunOptions {
  snapshot: Snapshot
  exchange: Exchange
  envelope: RequestEnvelope
  resolution: Resolution
  progress: Progress
}

/**
 * Takes attempt after attempt until one commits.
 *
 * @throws GatewayError of the last attempt, or why none could be made
 */
export async function run(context: GatewayContext, options: RunOptions): Promise<Committed> {
  const { snapshot, exchange, envelope, resolution, progress } = options
  const { health, clock } = context
  const walk = createWalk({
    resolution,
    table: snapshot.table,
    health,
    clock,
    view: { random: context.random },
    speaks: (deployment) => relayOf(deployment, exchange) !== undefined,
  })
  let last: GatewayError | undefined
  for (;;) {
    const step = walk.next()
    if (!step) {
      throw last ?? exhausted(resolution.group, walk.considered, walk.excluded, health, clock)
    }
    if (step.wait > 0) await pause(step.wait, exchange)
    const { channel } = step
    progress.attempts++
    progress.channel = channel
    const trial = health.begin(channel)
    try {
      const committed = await attempt(context, {
        exchange,
        envelope,
        protocol: relayOf(channel.deployment, exchange)!,
        trial,
        responseLimit: snapshot.settings.limits.response,
      })
      // A stream proves its deployment only at its end.
      if (committed.kind === "whole") health.succeed(trial)
      else health.answered(trial)
      return committed
    } catch (thrown) {
      last = explain(toGatewayError(thrown), channel)
      judge(context, trial, last)
      if (last.rule.next === "fail") throw last
      context.logger.debug("attempt failed", {
        id: exchange.id,
        channel: channel.id,
        error: last.kind,
        message: last.message,
      })
      walk.failed(channel, last)
    }
  }
}

/** What a failed attempt says of its channel. */
export function judge(context: GatewayContext, trial: Trial, error: GatewayError): void {
  const { health } = context
  if (OURS.has(error.kind)) health.release(trial)
  else if (error.rule.next === "fail") health.succeed(trial)
  else health.fail(trial, error)
  if (error.rule.cooldown === "auth") context.rejected(trial.channel)
}

/** The protocol in which a deployment takes this request as it is. */
function relayOf(deployment: Deployment, { protocol, operation }: Exchange): Protocol | undefined {
  return deployment.protocols(operation).find(({ id }) => id === protocol.id)
}

function pause(ms: number, exchange: Exchange): Promise<void> {
  const { signal } = exchange
  return new Promise((resolve, reject) => {
    const give = (error: GatewayError) => {
      clearTimeout(timer)
      reject(error)
    }
    const gone = () => give(clientGone())
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", gone)
      resolve()
    }, ms)
    exchange.cut = give
    if (signal.aborted) gone()
    else signal.addEventListener("abort", gone, { once: true })
  })
}
