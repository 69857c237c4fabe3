import type { Clock } from "../core/clock.ts"
import { GatewayError } from "../core/error.ts"
import type { Group, PauseReason } from "../core/routing.ts"
import type { Candidate } from "./candidates.ts"
import type { Health } from "./health.ts"
import { isLimit, type Opened } from "./prospects.ts"
import { misfit, tooLong, unoffered } from "./misfit.ts"

/** What keeps a channel from being used. */
type Cause =
  | "limit"
  | "budget"
  | "resting"
  | "missing"
  | "auth"
  | "window"
  | "mismatch"
  | "protocol"

const PAUSES: Record<PauseReason, { cause: Cause; why: string }> = {
  "rate-limit": { cause: "limit", why: "rate limited" },
  network: { cause: "resting", why: "resting after a connection failure" },
  server: { cause: "resting", why: "resting after an upstream error" },
  auth: { cause: "auth", why: "its key was rejected" },
  missing: { cause: "missing", why: "the upstream does not have the model" },
}

/** What passes by itself. */
const TEMPORARY: ReadonlySet<Cause> = new Set<Cause>(["limit", "budget", "resting"])
/** Reasons that an error lists. */
const LISTED = 5

interface Obstacle {
  cause: Cause
  why: string
  /** Monotonic milliseconds when it ends; Infinity is not known. */
  until: number
}

/** Why no attempt could be made: the answer when nothing of a group is usable now. */
export function exhausted(
  group: Group,
  opened: readonly Opened[],
  health: Health,
  clock: Clock,
): GatewayError {
  const obstacles = opened.flatMap(({ all }) => all.map((each) => obstacleOf(each, health)))
  const found = new Set(obstacles.map(({ cause }) => cause))
  const passing = obstacles.filter(({ cause }) => TEMPORARY.has(cause))
  if (passing.length > 0) {
    const earliest = Math.min(...passing.map(({ until }) => until))
    const wait = Number.isFinite(earliest) ? Math.max(0, earliest - clock.now()) : SOON
    return later(group, passing, wait, pinnedOf(opened))
  }
  if (found.has("window")) return tooLong(group, opened)
  if (found.has("mismatch")) return misfit(group, opened, list(obstacles, "mismatch"))
  if (found.has("auth") && !found.has("missing")) {
    return new GatewayError(
      "upstream-unauthorized",
      `Every provider key of \`${group.name}\` was rejected (${list(obstacles, "auth")}).`,
      { code: "provider_key_rejected" },
    )
  }
  if (found.has("missing") && !found.has("auth")) {
    return new GatewayError("not-found", `No upstream of \`${group.name}\` has the model.`, {
      code: "model_not_found",
      param: "model",
    })
  }
  if (found.has("protocol")) return unoffered(group, opened, list(obstacles, "protocol"))
  return nothingThere(group, opened, list(obstacles))
}

/** Milliseconds to wait for something that is under way. */
const SOON = 1000

function obstacleOf({ channel, objection }: Candidate, health: Health): Obstacle {
  const { id } = channel.deployment
  if (objection && !objection.soft) {
    const { filter, until = Number.POSITIVE_INFINITY } = objection
    const why = `${id} ${objection.why}`
    if (isLimit(objection)) return { cause: filter === "budget" ? filter : "limit", why, until }
    if (filter === "budget") return { cause: "budget", why, until }
    if (filter === "protocol") return { cause: filter, why, until }
    return { cause: filter === "window" ? "window" : "mismatch", why, until }
  }
  const standing = health.standing(channel)
  const until = standing.until > 0 ? standing.until : Number.POSITIVE_INFINITY
  if (standing.state === "open") {
    return { cause: "resting", why: `${id}: its breaker is open`, until }
  }
  const { reason } = channel.health
  const pause = standing.state !== "ready" && reason ? PAUSES[reason] : undefined
  if (!pause) return { cause: "resting", why: `${id}: being tried by another request`, until }
  return { cause: pause.cause, why: `${id}: ${pause.why}`, until }
}

/** The answer when something may be usable later. */
function later(
  group: Group,
  passing: readonly Obstacle[],
  wait: number,
  pinned: string | undefined,
): GatewayError {
  const seconds = Math.max(1, Math.ceil(wait / 1000))
  const again = `Please try again in ${seconds}s.`
  const every = (cause: Cause) => passing.every((each) => each.cause === cause)
  if (every("budget")) {
    return new GatewayError(
      "rate-limited",
      `The budget of every provider of \`${group.name}\` is used up (${list(passing)}).`,
      {
        code: "budget_exceeded",
        ...(passing.some(({ until }) => Number.isFinite(until)) && { retryAfterMs: wait }),
      },
    )
  }
  if (passing.every(({ cause }) => cause === "limit" || cause === "budget")) {
    return new GatewayError(
      "rate-limited",
      `${pinned ? `The channel \`${pinned}\`` : "Every channel"} of \`${group.name}\` is rate limited (${list(passing)}). ${again}`,
      { code: "rate_limit_exceeded", retryAfterMs: wait },
    )
  }
  return new GatewayError(
    "unavailable",
    `No channel of \`${group.name}\` is usable now (${list(passing)}). ${again}`,
    { code: "no_channel", retryAfterMs: wait },
  )
}

/** The only channel that was looked at, of a group that has others. */
function pinnedOf([first, ...more]: readonly Opened[]): string | undefined {
  if (!first || more.length > 0) return undefined
  const [only, other] = first.all
  return only && !other && first.group.channels.length > 1 ? only.channel.id : undefined
}

function list(obstacles: readonly Obstacle[], cause?: Cause): string {
  const reasons = obstacles.filter((each) => !cause || each.cause === cause).map(({ why }) => why)
  return [...new Set(reasons)].slice(0, LISTED).join("; ")
}

function nothingThere(group: Group, opened: readonly Opened[], reasons: string): GatewayError {
  const keyless = opened
    .flatMap(({ group }) => group.deployments)
    .filter(({ channels }) => channels.length === 0)
    .map(({ id, provider: { name, missingKeys } }) => {
      const looked = missingKeys.length > 0 ? ` (${missingKeys.join(", ")} is not set)` : ""
      return `${id}: the provider \`${name}\` has no key${looked}`
    })
  const why = [...new Set(keyless)].slice(0, LISTED)
  if (reasons) why.push(reasons)
  return new GatewayError(
    "unavailable",
    `The group \`${group.name}\` has no usable deployment: ${why.join("; ") || "it is empty"}.`,
    { code: "no_deployment" },
  )
}
