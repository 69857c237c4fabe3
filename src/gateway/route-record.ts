import { type AttemptRecord, type CandidateRecord, MOST_CANDIDATES } from "../core/route-record.ts"
import { beginOf, packPlan, type RouteText } from "../core/route-text.ts"
import type { Group } from "../core/routing.ts"
import { type Candidate, isBetter } from "../routing/candidates.ts"
import type { Opened } from "../routing/prospects.ts"

/** Plans of one group that are remembered: its keys take turns. */
const REMEMBERED = 8

interface Remembered {
  /** What it was made of, `FACTS` values for each candidate. */
  readonly facts: readonly unknown[]
  readonly text: string
  /** What its requests' routes begin with. */
  readonly begins: Begin[]
}

interface Begin {
  /** Of the first attempt, if there was one. */
  readonly channel: string | undefined
  readonly why: string | undefined
  readonly text: string
}

const plans = new WeakMap<Group, Remembered[]>()

/** How a request found its upstream, as the ledger keeps it; undefined where nothing was decided. */
export function routeText(
  opened: readonly Opened[],
  attempts: readonly AttemptRecord[],
): RouteText | undefined {
  if (opened.length === 0 && attempts.length === 0) return undefined
  return { begin: beginText(opened, attempts), attempts }
}

function beginText(opened: readonly Opened[], attempts: readonly AttemptRecord[]): string {
  const known = remembered(opened)
  if (!known) return beginOf(packPlan(planOf(opened)), attempts)
  const channel = attempts[0]?.channel
  const why = attempts[0]?.why
  for (const one of known.begins) if (one.channel === channel && one.why === why) return one.text
  const text = beginOf(known.text, attempts)
  known.begins.push({ channel, why, text })
  return text
}

/**
 * Most requests find one group, and its candidates as others found them: to compare costs less than to
 * write. Undefined for others.
 */
function remembered(opened: readonly Opened[]): Remembered | undefined {
  const [first] = opened
  const looked = first && opened.length === 1 ? (first.first ?? first) : undefined
  if (!looked || looked.all.length > MOST_CANDIDATES) return undefined
  const { group, all } = looked
  let known = plans.get(group)
  if (!known) {
    known = []
    plans.set(group, known)
  }
  for (const one of known) if (agrees(one.facts, all)) return one
  const text = packPlan(planOf(opened))
  if (known.length === REMEMBERED) known.shift()
  const added = { facts: all.flatMap(factsOf), text, begins: [] }
  known.push(added)
  return added
}

const FACTS = 6

const factsOf = ({ channel, standing, objection, rank, score, place }: Candidate) => [
  channel,
  standing.state,
  objection?.why,
  rank,
  score,
  place,
]

function agrees(facts: readonly unknown[], all: readonly Candidate[]): boolean {
  if (facts.length !== all.length * FACTS) return false
  let at = 0
  for (const { channel, standing, objection, rank, score, place } of all) {
    if (facts[at++] !== channel) return false
    if (facts[at++] !== standing.state) return false
    if (facts[at++] !== objection?.why) return false
    if (facts[at++] !== rank) return false
    // It is NaN where the strategy was not asked.
    if (!Object.is(facts[at++], score)) return false
    if (facts[at++] !== place) return false
  }
  return true
}

function planOf(opened: readonly Opened[]) {
  const candidates: CandidateRecord[] = []
  let more = 0
  for (const looked of opened) {
    // What the request found when it came, not what was left at its end.
    const { group, all } = looked.first ?? looked
    const room = MOST_CANDIDATES - candidates.length
    more += Math.max(0, all.length - room)
    for (const candidate of best(all, room)) candidates.push(recorded(candidate, group.name))
  }
  return { strategy: opened[0]?.group.strategy.name ?? "", candidates, more }
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
