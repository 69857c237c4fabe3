import type { Deployment, RoutingRequest } from "../../core/routing.ts"
import { expectedTokens } from "../estimate-tokens.ts"
import type { Against, Filter } from "./filter.ts"

/** Whether a deployment's own limits leave room for one more request. */
export const limits: Filter = {
  name: "limits",
  scope: "deployment",
  binding: true,
  concerns: ({ limits: { rpm, tpm, parallel } }) => (rpm ?? tpm ?? parallel) !== undefined,
  checker: (request, _group, now) => (channel) => against(channel.deployment, request, now),
}

function against(
  deployment: Deployment,
  request: RoutingRequest,
  now: number,
): Against | undefined {
  const { rpm, tpm, parallel } = deployment.limits
  const { traffic } = deployment.health
  if (parallel !== undefined && traffic.inFlight >= parallel) {
    return { why: `has ${parallel} requests under way, all that it may (parallel)`, busy: true }
  }
  if (rpm !== undefined && traffic.requests(now) >= rpm) {
    const until = traffic.freeAt(now, "requests", rpm - 1)
    return { why: `has used up its ${rpm} requests a minute${inSeconds(until - now)}`, until }
  }
  if (tpm === undefined) return undefined
  const tokens = expectedTokens(request, deployment)
  if (traffic.tokens(now) + tokens <= tpm) return undefined
  if (tokens > tpm) {
    return { why: `takes ${tpm} tokens a minute, for about ${tokens}`, guess: tokens / tpm }
  }
  const until = traffic.freeAt(now, "tokens", tpm - tokens)
  return { why: `has used up its ${tpm} tokens a minute${inSeconds(until - now)}`, until }
}

/** For how long that is, for a person. */
export function inSeconds(ms: number): string {
  return ` for ${Math.max(1, Math.ceil(ms / 1000))} s`
}
