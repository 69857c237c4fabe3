import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { oneOf, open } from "../shapes.ts"

const time = (description: string) => t.String({ description: `${description} ISO 8601, UTC.` })

const TrafficFigures = open(
  {
    inFlight: t.Integer({ description: "Attempts under way." }),
    requests: t.Integer({ description: "Attempts in the last minute." }),
    tokens: t.Integer({ description: "Tokens in the last minute, used or expected." }),
    success: t.Optional(
      t.Number({ description: "Share of attempts that went well, from 0 to 1." }),
    ),
    ttft: t.Optional(t.Number({ description: "Milliseconds to a stream's first content." })),
    ttftP95: t.Optional(t.Number({ description: "What 95 of 100 of them stay below." })),
    perToken: t.Optional(t.Number({ description: "Milliseconds an output token." })),
    cacheHits: t.Optional(t.Number({ description: "Share of the input from the prompt cache." })),
    output: t.Optional(t.Number({ description: "Output tokens an answer." })),
  },
  { description: "Means in which old samples fade. What is not known yet is not there." },
)
export type TrafficFigures = Static<typeof TrafficFigures>

const ToldLimit = open({
  limit: t.Optional(t.Number({ description: "Where it was told." })),
  remaining: t.Number(),
  reset: time("When it is whole again."),
})

const ChannelState = open({
  channel: t.String({ description: "`provider/model#fingerprint`" }),
  state: oneOf(
    ["ready", "busy", "paused", "open"],
    "`busy`: recovering, and one request is trying it. `open`: its deployment's breaker is.",
  ),
  until: t.Optional(time("Until when it stays so.")),
  reason: t.Optional(
    oneOf(["network", "rate-limit", "server", "auth", "missing"], "Why it was paused last."),
  ),
  since: t.Optional(time("When that was.")),
  rejections: t.Integer({ description: "How often in a row its key was rejected." }),
  traffic: TrafficFigures,
  told: open(
    { requests: t.Optional(ToldLimit), tokens: t.Optional(ToldLimit) },
    { description: "Rate limits as the upstream's headers tell them." },
  ),
})
export type ChannelState = Static<typeof ChannelState>

const DeploymentState = open({
  deployment: t.String({ description: "`provider/model`" }),
  groups: t.Array(t.String()),
  breaker: open({
    state: oneOf(["closed", "half-open", "open"]),
    failures: t.Integer({ description: "In a row." }),
    opened: t.Integer({ description: "How often in a row it opened." }),
    since: t.Optional(time("When it opened.")),
    until: t.Optional(time("When one request may try it.")),
    closed: t.Optional(time("When it closed last: its share of the traffic grows from then.")),
    recovery: t.Optional(
      t.Integer({ description: "How long its outages last, learned; milliseconds." }),
    ),
  }),
  region: t.Optional(t.String()),
  tags: t.Array(t.String()),
  lacks: t.Array(t.String(), { description: "What its model is known not to do." }),
  window: t.Optional(t.Integer({ description: "Tokens of its context." })),
  limits: open({
    rpm: t.Optional(t.Number()),
    tpm: t.Optional(t.Number()),
    parallel: t.Optional(t.Number()),
  }),
  traffic: TrafficFigures,
  channels: t.Array(ChannelState),
})
export type DeploymentState = Static<typeof DeploymentState>

/** What the router knows of every channel. */
export const HealthReport = open(
  {
    time: time("When this was so."),
    deployments: t.Array(DeploymentState),
  },
  { $id: "HealthReport", description: "What the router knows of every channel." },
)
export type HealthReport = Static<typeof HealthReport>
