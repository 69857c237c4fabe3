import type { Channel, Deployment, Group, RoutingRequest } from "../../core/routing.ts"
import type { Against, Filter, Objection } from "./filter.ts"

/**
 * Milliseconds for which a channel that is used up now is worth more than one that does not fit: a
 * minute's limits, which end with a whole second.
 */
const SOON = 61_000

export interface Objecting {
  request: RoutingRequest
  filters: readonly Filter[]
  /** Undefined when a channel's deployment can serve the request at all, else why not. */
  refuses(channel: Channel): string | undefined
}

interface Check {
  name: string
  against: (channel: Channel) => Against | undefined
}

/**
 * What there is against each channel of a group: by deployments in config order, then by their keys.
 * Where nothing but guesses keeps all of them out, the nearest of those become soft.
 *
 * @param now monotonic milliseconds
 * @returns undefined where there is nothing against any
 */
export function objectionsTo(
  options: Objecting,
  group: Group,
  now: number,
): (Objection | undefined)[] | undefined {
  const { request } = options
  let shared: Check[] | undefined
  let own: Check[] | undefined
  for (const filter of concerning(options.filters, group)) {
    const against = filter.checker(request, group, now)
    if (!against) continue
    const check = { name: filter.name, against }
    if (filter.scope === "channel") own = [...(own ?? []), check]
    else shared = [...(shared ?? []), check]
  }
  let found: (Objection | undefined)[] | undefined
  let place = 0
  let nearest = Number.POSITIVE_INFINITY
  let hope = false
  for (const { channels } of group.deployments) {
    const first = channels[0]
    if (!first) continue
    const refusal = options.refuses(first)
    const common: Objection | undefined =
      refusal === undefined
        ? shared && worst(shared, first, undefined)
        : { filter: "protocol", why: refusal }
    for (const channel of channels) {
      const objection = own ? worst(own, channel, common) : common
      if (objection) {
        found ??= new Array(group.channels.length).fill(undefined)
        found[place] = objection
      }
      place++
      if (!objection || objection.soft || isSoon(objection, now)) hope = true
      else nearest = Math.min(nearest, objection.guess ?? nearest)
    }
  }
  if (!found || hope || nearest === Number.POSITIVE_INFINITY) return found
  return softened(found, nearest)
}

/** With those that a guess keeps out by so much as wishes. */
function softened(
  found: readonly (Objection | undefined)[],
  nearest: number,
): (Objection | undefined)[] {
  return found.map((objection) =>
    objection?.guess === nearest ? { ...objection, soft: true } : objection,
  )
}

/** By a table's own list, which steered copies of a group share. */
const known = new WeakMap<
  readonly Deployment[],
  { of: readonly Filter[]; found: readonly Filter[] }
>()

/** The filters that can ever object to a deployment of the group. */
function concerning(filters: readonly Filter[], { deployments }: Group): readonly Filter[] {
  const entry = known.get(deployments)
  if (entry?.of === filters) return entry.found
  const found = concernedWith(filters, deployments)
  known.set(deployments, { of: filters, found })
  return found
}

function concernedWith(
  filters: readonly Filter[],
  deployments: readonly Deployment[],
): readonly Filter[] {
  return filters.filter((filter) => deployments.some((each) => filter.concerns?.(each) ?? true))
}

/** The first objection that nothing can overcome, else the weightiest. */
function worst(
  checks: readonly Check[],
  channel: Channel,
  found: Objection | undefined,
): Objection | undefined {
  if (weight(found) === HARD) return found
  for (const { name, against } of checks) {
    const next = against(channel)
    if (!next || weight(next) <= weight(found)) continue
    found = { filter: name, ...next }
    if (weight(next) === HARD) return found
  }
  return found
}

const HARD = 3

function weight(objection: Against | undefined): number {
  if (!objection) return 0
  if (objection.soft) return 1
  return objection.guess === undefined ? HARD : 2
}

function isSoon({ busy, until }: Objection, now: number): boolean {
  return busy === true || (until !== undefined && until - now <= SOON)
}
