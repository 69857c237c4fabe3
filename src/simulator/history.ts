import type { UsageRow } from "../core/ledger.ts"
import { Secret } from "../core/secret.ts"
import type { DeclaredPrice, Settings } from "../core/settings.ts"
import type { Usage } from "../core/usage.ts"
import { createCourse } from "./course.ts"
import { type Call, callsOf } from "./history-calls.ts"
import { createPast } from "./history-past.ts"
import { troublesOf } from "./history-troubles.ts"
import { createRandom } from "./random.ts"
import type { VirtualRequest } from "./request.ts"
import type { Setup } from "./setup.ts"
import type { Behaviour } from "./upstream.ts"

/** Requests below which a past says too little, and answers below which a deployment has none of its own. */
const LEAST_ROWS = 200
const LEAST_ANSWERS = 20

/** The past cannot be replayed; the message says why, for a person. */
export class HistoryError extends Error {
  override readonly name = "HistoryError"
}

export interface HistoryOptions {
  /** Of the usage ledger, in any order. */
  rows: readonly UsageRow[]
  /** The config whose groups the past is replayed against. */
  settings: Settings
  group: string
  /** Nano-USD by `provider/model`; null is unpriced. */
  cost(deployment: string, declared: DeclaredPrice | undefined): (usage: Usage) => number | null
  seed?: number
}

/** A past that can be replayed, with what a person has to know about it. */
export interface History extends Setup {
  readonly notes: readonly string[]
}

/**
 * The requests of a group as they came, against upstreams that behave as they did then.
 *
 * @throws HistoryError when there is too little to go by
 */
export function setUpHistory({ rows, settings, group, cost, seed = 1 }: HistoryOptions): History {
  const used = rows
    .filter((row) => row.group === group && row.operation === "chat" && row.mirrorOf === null)
    .toSorted((a, b) => a.time - b.time)
  if (used.length < LEAST_ROWS) {
    throw new HistoryError(
      `the ledger has ${used.length} chat requests of the group \`${group}\` in this time; ` +
        `at least ${LEAST_ROWS} are needed. Take a longer --since, or simulate a scenario.`,
    )
  }
  const start = used[0]!.time
  const length = used.at(-1)!.time - start + 86_400_000
  // What is known of a deployment counts, whichever group it was asked in.
  const calls = callsOf(rows, start)
  const everything = createPast(calls.flatMap(({ answers }) => answers))
  const notes: string[] = []
  const behaviours = new Map<string, Behaviour>()

  function behaviour(id: string): Behaviour {
    let made = behaviours.get(id)
    if (!made) {
      const call = calls.find(({ deployment }) => deployment === id)
      made = behaviourOf(call, id)
      behaviours.set(id, made)
    }
    return made
  }

  function behaviourOf(call: Call | undefined, id: string): Behaviour {
    const answers = call?.answers ?? []
    const known = answers.length >= LEAST_ANSWERS
    if (!known) {
      notes.push(
        `${id} has ${answers.length} answers in the ledger: it is taken to be like all the others together`,
      )
    }
    const past = known ? createPast(answers) : everything
    const { outages, limited } = troublesOf(call, length)
    if (limited > 0) {
      notes.push(`${id}: 429 came ${limited} times; its limits are not known and not simulated`)
    }
    return {
      ttft: 0,
      perToken: 0,
      prefill: 0,
      noise: 0,
      window: Number.POSITIVE_INFINITY,
      rpm: undefined,
      tpm: undefined,
      retryAfter: true,
      headers: false,
      overload: "slow",
      cache: undefined,
      course: createCourse({ length, outages, slow: [], capacity: Number.POSITIVE_INFINITY }),
      sample: (request, now) => past.at(now, request.difficulty, request.output),
    }
  }

  return {
    settings: (strategy) => replayed(settings, strategy),
    group,
    requests: requestsOf(used, calls, start, seed),
    behaviour,
    cost,
    seed,
    notes,
  }
}

/** The same groups with another strategy, on providers that need no key and are never called. */
function replayed(settings: Settings, strategy: Settings["groups"][number]["strategy"]): Settings {
  return {
    ...settings,
    providers: settings.providers.map((provider) => ({
      ...provider,
      type: provider.name,
      keys: provider.keys.length > 0 ? provider.keys : [new Secret(provider.name, "the simulator")],
    })),
    groups: settings.groups.map((own) => ({ ...own, strategy })),
  }
}

/** How hard a request was is its rank among the answers that its own deployment gave then. */
function requestsOf(
  rows: readonly UsageRow[],
  calls: readonly Call[],
  start: number,
  seed: number,
): VirtualRequest[] {
  const random = createRandom(seed)
  const ranks = new Map(calls.flatMap(({ answers }) => createPast(answers).ranks()))
  const sized = rows.filter(({ usage, output }) => usage !== "missing" && output > 0)
  return rows.map((row, index): VirtualRequest => {
    const size =
      row.usage !== "missing" && row.output > 0
        ? row
        : (sized[Math.floor(random() * sized.length)] ?? { input: 1000, output: 200 })
    return {
      index,
      at: row.time - start,
      session: undefined,
      caller: row.key ?? "-",
      stream: row.stream,
      input: size.input,
      output: size.output,
      bytes: size.input * 4,
      difficulty: ranks.get(row.id) ?? random(),
    }
  })
}
