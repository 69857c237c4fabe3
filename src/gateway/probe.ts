import type { GatewayError } from "../core/error.ts"
import type { Channel, ChannelHealth } from "../core/routing.ts"
import type { GatewayContext } from "./context.ts"
import { freeProbe, paidProbe, refusalOf } from "./probe-request.ts"

/** Longest time that a timer takes, in milliseconds: a day is more than enough. */
const LONGEST_TIMER = 86_400_000

/** Finds out when rejected keys work again. */
export interface Prober {
  /** A key was rejected: it is probed when its pause ends. */
  rejected(channel: Channel, error: GatewayError): void
  /** Stops probing the channels that a new config does not have. */
  keep(channels: ReadonlySet<string>): void
  close(): void
}

/** Undefined: there is no telling. */
type Verdict = "accepted" | "rejected" | undefined

/**
 * Probes rejected keys: with a free request (a list of models), with a small paid one only where the
 * provider is configured so, or not at all. Where that says nothing, the pause's end lets one real
 * request try. Breakers need no probes: half-open, they let one real request through.
 */
export function createProber(
  context: Pick<GatewayContext, "clock" | "send" | "logger" | "health">,
): Prober {
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  /** When the pauses began that were logged. */
  const logged = new WeakMap<ChannelHealth, number>()

  /** Only the first of a row: somebody has to look after the key, or it mends itself. */
  function warn({ deployment, key, health }: Channel, { status }: GatewayError): void {
    if (health.rejections !== 1 || logged.get(health) === health.pausedAt) return
    logged.set(health, health.pausedAt)
    context.logger.warn("a provider key was rejected", {
      deployment: deployment.id,
      key: key?.fingerprint,
      status,
    })
  }

  /** @param unknown whether the key itself was refused, rather than what it wanted to do */
  function schedule(channel: Channel, unknown: boolean): void {
    const { health } = channel
    clearTimeout(timers.get(health.id))
    const wait = Math.min(Math.max(0, health.pausedUntil - context.clock.now()), LONGEST_TIMER)
    const timer = setTimeout(() => {
      timers.delete(health.id)
      void probe(channel, unknown)
    }, wait)
    timer.unref()
    timers.set(health.id, timer)
  }

  async function probe(channel: Channel, unknown: boolean): Promise<void> {
    const { health, deployment, key } = channel
    if (health.reason !== "auth") return
    const since = health.pausedAt
    const began = context.clock.now()
    const verdict = await verdictOn(channel, unknown)
    if (verdict === "rejected") deployment.account.forget?.(key, began)
    // A request has found out more meanwhile.
    if (health.reason !== "auth" || health.pausedAt !== since) return
    if (verdict === undefined) return
    context.health.probed(channel, verdict === "accepted")
    if (verdict === "rejected") schedule(channel, unknown)
    else {
      context.logger.info("a rejected key works again", {
        deployment: deployment.id,
        key: key?.fingerprint,
      })
    }
  }

  async function verdictOn(channel: Channel, unknown: boolean): Promise<Verdict> {
    const free = freeProbe(channel)
    const refusal = free && (await refusalOf(context.send, channel, free))
    if (refusal && isUnknown(refusal)) return "rejected"
    // A key that may list models may be one that may do nothing else, or that has no credit.
    if (free && !refusal && unknown) return "accepted"
    const paid = channel.deployment.provider.probe === "paid" ? paidProbe(channel) : undefined
    if (!paid) return undefined
    const { kind, rule } = (await refusalOf(context.send, channel, paid)) ?? {}
    if (kind === "upstream-unauthorized") return "rejected"
    return rule?.breaker ? undefined : "accepted"
  }

  return {
    rejected(channel, error) {
      const { provider, account } = channel.deployment
      warn(channel, error)
      if (provider.probe === "none") return
      const unknown = isUnknown(error)
      if (provider.probe === "paid" || (account.probeUrl && unknown)) schedule(channel, unknown)
    },
    keep(channels) {
      for (const [id, timer] of timers) {
        if (channels.has(id)) continue
        clearTimeout(timer)
        timers.delete(id)
      }
    },
    close() {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}

/** Who it is was not believed; 403 says that it is known. */
function isUnknown({ kind, status }: GatewayError): boolean {
  return kind === "upstream-unauthorized" && status === 401
}
