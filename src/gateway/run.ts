import { clientGone, GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Protocol, RequestEnvelope } from "../core/protocol.ts"
import type { Channel, Deployment } from "../core/routing.ts"
import { exhausted } from "../routing/exhausted.ts"
import type { Resolution } from "../routing/resolve.ts"
import { createWalk } from "../routing/walk.ts"
import { attempt, type Committed } from "./attempt.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
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
    if (step.wait > 0) await pause(step.wait, exchange.signal)
    const { channel } = step
    progress.attempts++
    progress.channel = channel
    health.begin(channel)
    try {
      const committed = await attempt(context, {
        exchange,
        envelope,
        protocol: relayOf(channel.deployment, exchange)!,
        channel,
        responseLimit: snapshot.settings.limits.response,
      })
      // A stream proves itself at its end; what it owes the breaker until then is its beginning.
      health.succeed(channel)
      return committed
    } catch (thrown) {
      last = explain(toGatewayError(thrown), channel)
      judge(context, channel, last)
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
export function judge(context: GatewayContext, channel: Channel, error: GatewayError): void {
  const { health } = context
  if (error.kind === "client-gone" || error.kind === "internal") health.release(channel)
  else if (error.rule.next === "fail") health.succeed(channel)
  else health.fail(channel, error)
  if (error.rule.cooldown === "auth") context.rejected(channel)
}

/** The protocol in which a deployment takes this request as it is. */
function relayOf(deployment: Deployment, { protocol, operation }: Exchange): Protocol | undefined {
  return deployment.protocols(operation).find(({ id }) => id === protocol.id)
}

/** Names the deployment in messages that the upstream did not write, and takes keys out of those it did. */
function explain(error: GatewayError, { deployment, key }: Channel): GatewayError {
  if (error.kind === "client-gone" || error.kind === "internal") return error
  const secret = key?.reveal()
  const message = secret ? error.message.replaceAll(secret, "[secret]") : error.message
  const { upstream, ...rest } = error.detail
  const leaks =
    upstream && secret && Buffer.from(upstream.body).includes(secret) ? undefined : upstream
  return new GatewayError(error.kind, `${deployment.id}: ${message}`, {
    ...rest,
    ...(leaks && { upstream: leaks }),
  })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => {
      clearTimeout(timer)
      reject(clientGone())
    }
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", gone)
      resolve()
    }, ms)
    if (signal.aborted) gone()
    else signal.addEventListener("abort", gone, { once: true })
  })
}
