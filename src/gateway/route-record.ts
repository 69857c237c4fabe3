import {
  type AttemptRecord,
  type CandidateRecord,
  MOST_CANDIDATES,
  type RouteRecord,
} from "../core/route-record.ts"
import { type Candidate, isBetter } from "../routing/candidates.ts"
import type { Opened } from "../routing/prospects.ts"

/** How a request found its upstream, as the ledger keeps it. */
export function routeRecord(opened: readonly Opened[], attempts: AttemptRecord[]): RouteRecord {
  const candidates: CandidateRecord[] = []
  let more = 0
  for (const looked of opened) {
    // What the request found when it came, not what was left at its end.
    const { group, all } = looked.first ?? looked
    const room = MOST_CANDIDATES - candidates.length
    more += Math.max(0, all.length - room)
    for (const candidate of best(all, room)) candidates.push(recorded(candidate, group.name))
  }
  return {
    strategy: opened[0]?.group.strategy.name ?? "",
    candidates,
    more,
    attempts,
  }
}

/** The first of them in their order, without sorting more than that. */
function best(all: readonly Candidate[], count: number): readonly Candidate[] {
  const order = (a: Candidate, b: Candidate) => (isBetter(a, b) ? -1 : isBetter(b, a) ? 1 : 0)
  if (all.length <= count) {
    const sorted = all.every((candidate, at) => at === 0 || !isBetter(candidate, all[at - 1]!))
    return sorted ? all : all.toSorted(order)
  }
  const top: Candidate[] = []
  for (const candidate of all) {
    if (top.length === count && !(count > 0 && isBetter(candidate, top[count - 1]!))) continue
    if (top.length === count) top.pop()
    let at = top.length
    while (at > 0 && isBetter(candidate, top[at - 1]!)) at--
    top.splice(at, 0, candidate)
  }
  return top
}

function recorded(
  { channel, standing, objection, score }: Candidate,
  group: string,
): CandidateRecord {
  return {
    group,
    channel: channel.id,
    state: standing.state,
    score: Number.isFinite(score) ? score : null,
    skipped: objection ? objection.why : null,
  }
}
