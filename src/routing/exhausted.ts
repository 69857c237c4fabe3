import type { Clock } from "../core/clock.ts"
import { GatewayError } from "../core/error.ts"
import type { Group } from "../core/routing.ts"
import type { Health } from "./health.ts"
import type { Opened } from "./prospects.ts"

const REASONS = {
  network: "resting after a connection failure",
  server: "resting after an upstream error",
  "rate-limit": "rate limited",
  auth: "its key was rejected",
  missing: "the upstream does not have the model",
} as const

/** Why no attempt could be made: the answer when nothing of a group is usable now. */
export function exhausted(
  group: Group,
  opened: readonly Opened[],
  health: Health,
  clock: Clock,
): GatewayError {
  const considered = opened.flatMap(({ all }) =>
    all.filter(({ objection }) => !objection || objection.soft).map(({ channel }) => channel),
  )
  if (considered.length === 0) return nothingThere(group, opened)
  const counts = { "rate-limit": 0, auth: 0, missing: 0, network: 0, server: 0 }
  let earliest = Number.POSITIVE_INFINITY
  const reasons = new Set<string>()
  for (const channel of considered) {
    const standing = health.standing(channel)
    if (standing.state === "open") reasons.add(`${channel.deployment.id}: its breaker is open`)
    else if (channel.health.reason) {
      reasons.add(`${channel.deployment.id}: ${REASONS[channel.health.reason]}`)
      counts[channel.health.reason]++
    }
    if (standing.until > 0) earliest = Math.min(earliest, standing.until)
  }
  const wait = Number.isFinite(earliest) ? Math.max(0, earliest - clock.now()) : 1000
  const list = [...reasons].slice(0, 5).join("; ")
  const seconds = Math.max(1, Math.ceil(wait / 1000))
  // What only a person can mend is no reason to come back.
  if (counts.missing === considered.length) {
    return new GatewayError("not-found", `No upstream of \`${group.name}\` has the model.`, {
      code: "model_not_found",
      param: "model",
    })
  }
  if (counts.auth === considered.length) {
    return new GatewayError(
      "upstream-unauthorized",
      `Every provider key of \`${group.name}\` was rejected (${list}).`,
      { code: "provider_key_rejected" },
    )
  }
  if (counts["rate-limit"] === considered.length) {
    return new GatewayError(
      "rate-limited",
      `Every channel of \`${group.name}\` is rate limited. Please try again in ${seconds}s.`,
      { code: "rate_limit_exceeded", retryAfterMs: wait },
    )
  }
  return new GatewayError(
    "unavailable",
    `No channel of \`${group.name}\` is usable now (${list}). Please try again in ${seconds}s.`,
    { code: "no_channel", retryAfterMs: wait },
  )
}

function nothingThere(group: Group, opened: readonly Opened[]): GatewayError {
  const why = new Set<string>()
  for (const { group, all } of opened) {
    for (const { provider, id, channels } of group.deployments) {
      if (channels.length > 0) continue
      const { name, missingKeys } = provider
      const looked = missingKeys.length > 0 ? ` (${missingKeys.join(", ")} is not set)` : ""
      why.add(`${id}: the provider \`${name}\` has no key${looked}`)
    }
    for (const { channel, objection } of all) {
      if (objection) why.add(`${channel.deployment.id} ${objection.why}`)
    }
  }
  const list = [...why].slice(0, 5).join("; ")
  return new GatewayError(
    "unavailable",
    `The group \`${group.name}\` has no usable deployment: ${list || "it is empty"}.`,
    { code: "no_deployment" },
  )
}
