import type { GatewayError } from "../core/error.ts"
import type { Trial } from "../routing/health.ts"
import type { GatewayContext } from "./context.ts"
import { OURS } from "./explain.ts"

/** What a failed attempt says of its channel. */
export function judge(context: GatewayContext, trial: Trial, error: GatewayError): void {
  const { health } = context
  const { next, breaker, cooldown } = error.rule
  if (OURS.has(error.kind) || error.kind === "unsupported" || isImpatience(error)) {
    health.release(trial)
  } else if (next === "fail" && !breaker && !cooldown) health.succeed(trial)
  else health.fail(trial, error)
  if (cooldown !== "auth") return
  const { channel, began } = trial
  channel.deployment.account.forget?.(channel.key, began)
  context.rejected(channel, error)
}

/** A caller's own time limit says nothing of the upstream. */
function isImpatience({ kind, rule }: GatewayError): boolean {
  return kind === "upstream-timeout" && !rule.breaker && !rule.cooldown
}
