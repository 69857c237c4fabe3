import { describe, expect, test } from "bun:test"
import { type ErrorKind, GatewayError } from "../../src/core/error.ts"
import type { Channel, RoutingRequest } from "../../src/core/routing.ts"
import { createFilters } from "../../src/routing/filters/index.ts"
import { exhausted } from "../../src/routing/exhausted.ts"
import { createRetryBudget } from "../../src/routing/retry-budget.ts"
import { createWalk } from "../../src/routing/walk.ts"
import {
  deployment,
  type DeploymentOptions,
  group,
  request,
  table,
  testClock,
  testHealth,
} from "./parts.ts"

/** Walks to the end with a retry budget that has nothing left. @returns why nothing was sent */
function why(
  deployments: Record<string, DeploymentOptions>,
  options: {
    request?: Partial<RoutingRequest>
    /** What each channel has met before. */
    met?: Record<string, GatewayError | ErrorKind>
    /** When the providers' budgets begin anew, in ms from now; undefined: there is room. */
    budgetIn?: number
    refuses?: (channel: Channel) => string | undefined
  } = {},
): GatewayError {
  const clock = testClock()
  const health = testHealth(clock)
  const made = Object.entries(deployments).map(([id, more]) => {
    const one = deployment(id, { ...more, health })
    if (options.budgetIn !== undefined) {
      Object.assign(one.provider, { budget: { amount: 5e9, window: "day" } })
    }
    return one
  })
  for (const { id, channels } of made) {
    const error = options.met?.[id]
    if (!error) continue
    for (const channel of channels) {
      const thrown = typeof error === "string" ? new GatewayError(error, "") : error
      health.fail(health.begin(channel), thrown)
    }
  }
  const groups = [group("g", made)]
  const budget = createRetryBudget({ share: 0, least: 0 })
  const filters = createFilters({
    usedUpUntil: (_provider, _cost, now) =>
      options.budgetIn === undefined ? undefined : now + options.budgetIn,
    hold: () => ({ settle() {} }),
  })
  const walk = createWalk({
    resolution: { group: groups[0]! },
    table: table(groups),
    health,
    clock,
    budget,
    random: () => 0.5,
    request: request(options.request),
    filters,
    refuses: options.refuses ?? (() => undefined),
  })
  expect(walk.next()).toBeUndefined()
  return exhausted(groups[0]!, walk.opened, health, clock)
}

const facts = ({ kind, status, detail }: GatewayError) => [
  kind,
  status,
  detail.code,
  detail.retryAfterMs,
]
const limited = (retryAfterMs: number) =>
  new GatewayError("upstream-rate-limited", "", { retryAfterMs })

describe("when nothing can be sent, the caller is told", () => {
  test("to come back when the first limit ends", () => {
    const error = why(
      { "p/a": {}, "p/b": {} },
      { met: { "p/a": limited(9000), "p/b": limited(4000) } },
    )
    expect(facts(error)).toEqual(["rate-limited", 429, "rate_limit_exceeded", 4000])
    expect(error.message).toContain("try again in 4s")
  })

  test("that it is about limits also where some are the upstream's and some the config's", () => {
    const error = why(
      { "p/a": {}, "p/b": { limits: { rpm: 1 } } },
      { met: { "p/a": limited(120_000), "p/b": "upstream-rejected" } },
    )
    expect(error.kind).toBe("rate-limited")
    expect(error.detail.retryAfterMs).toBeWithin(59_000, 61_001)
  })

  test("to come back when the first rest ends", () => {
    const error = why(
      { "p/a": {}, "p/b": {} },
      { met: { "p/a": "upstream-error", "p/b": "upstream-unreachable" } },
    )
    expect(facts(error)).toEqual(["unavailable", 503, "no_channel", 10_000])
    expect(error.message).toContain("p/a: resting after an upstream error")
    expect(error.message).toContain("p/b: resting after a connection failure")
  })

  test("not to wait for a key that was rejected, where something else is sooner usable", () => {
    const error = why(
      { "p/a": {}, "p/b": {} },
      { met: { "p/a": "upstream-unauthorized", "p/b": limited(50_000) } },
    )
    expect(facts(error)).toEqual(["rate-limited", 429, "rate_limit_exceeded", 50_000])
  })

  test("that every key was rejected", () => {
    const error = why({ "p/a": { keys: 2 } }, { met: { "p/a": "upstream-unauthorized" } })
    expect(facts(error)).toEqual(["upstream-unauthorized", 401, "provider_key_rejected", undefined])
  })

  test("that nobody has the model", () => {
    const error = why({ "p/a": {} }, { met: { "p/a": "upstream-model-missing" } })
    expect(facts(error)).toEqual(["not-found", 404, "model_not_found", undefined])
  })

  test("that the budget is used up, and until when", () => {
    const error = why({ "p/a": { cost: () => 1 } }, { budgetIn: 3_600_000 })
    expect(facts(error)).toEqual(["rate-limited", 429, "budget_exceeded", 3_600_000])
    expect(error.message).toContain("p/a has used up the budget of `p`, $5 a day")
  })

  test("that a budget which never begins anew is no reason to come back", () => {
    const error = why({ "p/a": { cost: () => 1 } }, { budgetIn: Number.POSITIVE_INFINITY })
    expect(facts(error)).toEqual(["rate-limited", 429, "budget_exceeded", undefined])
  })

  test("what it needs, and what each deployment lacks", () => {
    const error = why(
      { "p/a": { region: "us-east-1" }, "p/b": { region: "eu-west-1", tags: ["slow"] } },
      { request: { region: "eu", tags: ["fast"] } },
    )
    expect(facts(error)).toEqual(["unsupported", 400, "no_capable_deployment", undefined])
    expect(error.message).toBe(
      "No deployment of `g` can take this request, which needs the tag fast, the region eu: " +
        "p/a runs in us-east-1, not in eu; p/b has not the tag fast.",
    )
  })

  test("to come back for the one deployment that can take it, however many cannot", () => {
    const error = why(
      { "p/a": { region: "us" }, "p/b": { region: "eu" } },
      { request: { region: "eu" }, met: { "p/b": limited(2000) } },
    )
    expect(facts(error)).toEqual(["rate-limited", 429, "rate_limit_exceeded", 2000])
  })

  test("that nothing here offers the operation", () => {
    const error = why({ "p/a": {} }, { refuses: () => "does not offer this operation" })
    expect(facts(error)).toEqual(["unsupported", 400, "unsupported_operation", undefined])
    expect(error.message).toContain("offers chat: p/a does not offer this operation")
  })

  test("which key is missing", () => {
    const error = why({ "p/a": { keys: 0 } })
    expect(facts(error)).toEqual(["unavailable", 503, "no_deployment", undefined])
    expect(error.message).toContain("env NOWHERE is not set")
  })
})

test("a pinned channel is named where it alone is at its limit", () => {
  const clock = testClock()
  const health = testHealth(clock)
  const made = deployment("p/m", { keys: 2, health })
  const g = group("g", [made])
  const pinned = made.channels[1]!
  health.fail(health.begin(pinned), new GatewayError("upstream-rate-limited", ""))
  const opened = createWalk({
    resolution: { group: g, pinned },
    table: table([g]),
    health,
    clock,
    budget: createRetryBudget({ share: 0, least: 0 }),
    random: () => 0.5,
    request: request(),
    filters: [],
    refuses: () => undefined,
  }).opened
  const { message } = exhausted(g, opened, health, clock)
  expect(message).toStartWith("The channel `p/m#1` of `g` is rate limited (")
})
