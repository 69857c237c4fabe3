import type { Static } from "@sinclair/typebox"
import * as t from "../core/typebox.ts"
import type { Clock } from "../core/clock.ts"
import type { Channel, RoutingRequest } from "../core/routing.ts"
import {
  type Candidate,
  candidatesOf,
  contextOf,
  isBetter,
  type Opened,
} from "../routing/candidates.ts"
import { createChain } from "../routing/chain.ts"
import { createFit } from "../routing/fit.ts"
import { objectionToPinned } from "../routing/only-one.ts"
import { prepareOrder } from "../routing/prepare-order.ts"
import type { Resolution, RouteTable } from "../routing/resolve.ts"
import type { GatewayContext } from "./context.ts"

/** One channel, as a request would find it now. */
export const PlannedCandidate = t.Object({
  channel: t.String({ description: "`provider/model#fingerprint`" }),
  state: t.String({ description: "`ready`, `busy`, `paused` or `open`." }),
  until: t.Optional(t.String({ description: "Until when it stays so: ISO 8601, UTC." })),
  reason: t.Optional(t.String({ description: "Why it was paused." })),
  place: t.Optional(
    t.Integer({ description: "Its place in the order of attempts, from 1; absent: not tried." }),
  ),
  score: t.Optional(t.Number({ description: "The strategy's; lower is better." })),
  parts: t.Optional(
    t.Record(t.String(), t.Number(), { description: "What the score is made of." }),
  ),
  skipped: t.Optional(
    t.Object(
      {
        filter: t.String(),
        why: t.String(),
        last: t.Boolean({ description: "Whether it is tried when nothing else is left." }),
      },
      { description: "What is against it." },
    ),
  ),
})
export type PlannedCandidate = Static<typeof PlannedCandidate>

/** What routing would do with a request now. */
export const Plan = t.Object({
  group: t.String(),
  pinned: t.Optional(t.String({ description: "The one channel that `group$N` asks for." })),
  request: t.Object(
    {
      operation: t.String(),
      stream: t.Boolean(),
      inputTokens: t.Integer({ description: "Guessed from its size." }),
      maxTokens: t.Optional(t.Integer()),
      needs: t.Array(t.String()),
      tags: t.Array(t.String()),
      region: t.Optional(t.String()),
      session: t.Optional(t.String({ description: "What its conversation is known by, hashed." })),
    },
    { description: "What routing sees of the request." },
  ),
  groups: t.Array(
    t.Object({
      group: t.String(),
      strategy: t.String(),
      candidates: t.Array(PlannedCandidate, { description: "The first that is tried first." }),
      keyless: t.Array(t.String(), { description: "Deployments without a provider key." }),
    }),
    { description: "The group and its fallbacks, in the order in which they are tried." },
  ),
})
export type Plan = Static<typeof Plan>

/** What of the running router decides. */
export type PlanContext = Pick<GatewayContext, "health" | "filters" | "clock" | "random">

export interface PlanOptions {
  table: RouteTable
  resolution: Resolution
  request: RoutingRequest
  /** Undefined when a channel's deployment can serve the request at all, else why not. */
  refuses(channel: Channel): string | undefined
}

/** Decides as for a real request, and sends nothing. Changes nothing. */
export async function planOf(
  context: PlanContext,
  { table, resolution, request, refuses }: PlanOptions,
): Promise<Plan> {
  const { health, filters, clock, random } = context
  await prepareOrder({ ...context, table, resolution, request, refuses })
  const { pinned } = resolution
  const now = clock.now()
  let place = 0
  return {
    group: resolution.group.name,
    ...(pinned && { pinned: pinned.id }),
    request: described(request),
    groups: lookedAt().map((looked) => {
      const { group, all } = looked
      const mine = pinned ? all.filter(({ channel }) => channel === pinned) : all
      const sorted = mine.toSorted((a, b) => (isBetter(a, b) ? -1 : isBetter(b, a) ? 1 : 0))
      return {
        group: group.name,
        strategy: group.strategy.name,
        candidates: sorted.map((candidate) => {
          const tried = pinned
            ? !objectionToPinned(pinned, { refuses, filters, request }, group, now)
            : !Number.isNaN(candidate.score)
          return planned(candidate, looked, tried ? ++place : undefined)
        }),
        keyless: group.deployments
          .filter(({ channels }) => channels.length === 0)
          .map(({ id }) => id),
      }
    }),
  }

  /** The groups in the order in which they are tried: those far too small come last, where there are larger ones. */
  function lookedAt(): Opened[] {
    const chain = createChain(resolution.group, table)
    const fit = createFit()
    const usual: Opened[] = []
    const tooSmall: Opened[] = []
    for (let group = chain.next(); group; group = pinned ? undefined : chain.next()) {
      const found = candidatesOf({ request, health, filters, refuses, random }, group, now)
      if (!pinned && fit.isTooSmall(found) && chain.leads("context-length", group)) {
        chain.divert("context-length", group, true)
        fit.avoid("context-length")
        tooSmall.push(found)
      } else usual.push(found)
    }
    return [...usual, ...tooSmall]
  }

  function planned(
    candidate: Candidate,
    looked: Opened,
    tried: number | undefined,
  ): PlannedCandidate {
    const { channel, standing, objection, score } = candidate
    const { strategy } = looked.group
    const told = contextOf(looked, candidate)
    const all = tried === undefined ? undefined : strategy.explain?.(channel, told)
    const parts = all && Object.entries(all).filter(([, value]) => Number.isFinite(value))
    const { reason } = channel.health
    return {
      channel: channel.id,
      state: standing.state,
      ...(standing.until > 0 && { until: wallTime(standing.until, clock) }),
      ...(reason !== undefined && standing.state !== "ready" && { reason }),
      ...(tried !== undefined && { place: tried }),
      ...(Number.isFinite(score) && { score }),
      ...(parts && { parts: Object.fromEntries(parts) }),
      ...(objection && {
        skipped: {
          filter: objection.filter,
          why: objection.why,
          last: objection.soft === true,
        },
      }),
    }
  }
}

/** Monotonic milliseconds as a time that a person reads. */
export function wallTime(monotonic: number, clock: Clock): string {
  return new Date(Math.round(clock.wall() + monotonic - clock.now())).toISOString()
}

function described(request: RoutingRequest): Plan["request"] {
  const { operation, stream, inputTokens, maxTokens, needs, tags, region, session } = request
  return {
    operation,
    stream,
    inputTokens,
    ...(maxTokens !== undefined && { maxTokens }),
    needs: [...needs],
    tags: [...tags],
    ...(region !== undefined && { region }),
    ...(session !== undefined && { session }),
  }
}
