import type { Plan } from "./plan.ts"
import { cpuTime } from "./family.ts"
import type { Place, Target } from "./target.ts"

/** Something that is measured, with its unit. */
export interface Metric {
  /** Its name in the results: `chat64.perSecond`. */
  id: string
  label: string
  unit: string
  /** Digits behind the point. */
  digits: number
  /** What counts is how much more it is than the direct way, in the same round. */
  added?: boolean
}

/** Who is measured. */
export interface Subject {
  name: string
  /** One that runs all the time. */
  target: Target
  /** Starts another one; the upstream itself cannot. */
  begin?: (how?: Partial<Pick<Place, "cores" | "workers">>) => Promise<Target>
  /** Another gateway, which may fail without ending the run. */
  peer: boolean
}

/** What a part of the bench has at hand. */
export interface Bench {
  plan: Plan
  /** For files that go away at the end. */
  folder: string
  upstreamPort: number
}

/** Values by the ids of their metrics. */
export type Values = Readonly<Record<string, number>>

/** A part of the bench: what is done to each subject, again and again. */
export interface Part {
  name: string
  metrics: readonly Metric[]
  /** Whether a round that does not count helps: what ran before was other work. */
  leadIn?: boolean
  /** Whether it says something of bare sockets, too. */
  floor?: boolean
  /** How often it is repeated; subjects take turns in each repeat. */
  repeats(plan: Plan): number
  /** @returns undefined where it does not apply to this subject */
  measure(subject: Subject, bench: Bench): Promise<Values | undefined>
}

/** Runs some work and says what CPU time the target spent meanwhile, in microseconds. */
export async function spent<Result>(
  target: Target,
  work: () => Promise<Result>,
): Promise<{ result: Result; cpu: number }> {
  const before = cpuTime(target.pid)
  const result = await work()
  return { result, cpu: cpuTime(target.pid) - before }
}
