import { createCalm, thisMachine, type Unrest } from "./calm.ts"
import type { Bench, Part, Subject } from "./part.ts"
import type { Peer } from "./peers/peer.ts"
import { hold } from "./family.ts"
import { chatRequest, messagesRequest } from "./request.ts"
import { DIRECT, type Failure, FLOOR, type Results, ROUTER } from "./results.ts"
import { readStreams } from "./streams.ts"
import { candidates, directSubject, subjectOf } from "./subjects.ts"
import type { Target } from "./target.ts"
import { verify } from "./verify.ts"
import { load } from "./wrk.ts"

/** What came of a run. */
export interface Outcome {
  results: Results
  failures: Failure[]
  unrest: Unrest | undefined
}

/**
 * Looks at the answers, then asks for many of every kind that is measured: what is compiled while it
 * runs is not yet fast at the beginning. Whether it stands that is for the parts to find out.
 */
async function warmUp({ name, target, peer }: Subject, { folder, plan }: Bench): Promise<void> {
  await verify(target)
  if (plan.warmUp === 0) return
  try {
    await load(folder, chatRequest(target, "plain"), 64, 2 * plan.warmUp)
    // Of other gateways only the fast ones are measured.
    for (const kind of peer ? (["fast"] as const) : (["paced", "fast"] as const)) {
      await readStreams(chatRequest(target, kind), 256, plan.warmUp)
      if (target.messages) await readStreams(messagesRequest(target, kind), 256, plan.warmUp)
    }
  } catch (error) {
    console.error(`${name} does not get warm: ${error instanceof Error ? error.message : error}`)
  }
}

/** Milliseconds in which a gateway catches up with what it was doing when it had to hold still. */
const SETTLE = 500

/** Does something while all other gateways hold still: some of them are never idle. */
async function awake<Result>(subject: Subject, work: () => Promise<Result>): Promise<Result> {
  if (!subject.peer) return await work()
  hold(subject.target.pid, false)
  await Bun.sleep(SETTLE)
  try {
    return await work()
  } finally {
    hold(subject.target.pid, true)
  }
}

/**
 * Measures every part on the upstream itself, nginx, the router and these peers. Rounds are interleaved,
 * so that a noisy neighbour disturbs all alike, and begin when the machine is calm. What fails is said and left out from then on.
 */
export async function run(
  upstream: Target,
  bench: Bench,
  parts: readonly Part[],
  peers: readonly Peer[],
): Promise<Outcome> {
  const failures: Failure[] = []
  const fail = (subject: string, part: string, error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    console.error(`\n${subject} FAILED in ${part}: ${reason}\n`)
    failures.push({ subject, part, reason })
  }
  const failed = (subject: string, part: string) =>
    failures.some((each) => each.subject === subject && each.part === part)
  const subjects: Subject[] = [directSubject(upstream)]
  try {
    for (const candidate of candidates(peers)) {
      console.error(`starting ${candidate.name}`)
      try {
        const subject = await subjectOf(candidate, bench)
        subjects.push(subject)
        await awake(subject, () => warmUp(subject, bench))
      } catch (error) {
        fail(candidate.name, START, error)
      }
    }
    const usable = subjects.filter(({ name }) => !failed(name, START))
    const results: Results = Object.fromEntries(usable.map(({ name }) => [name, {}]))
    const calm = createCalm(thisMachine, bench.plan.patience)
    for (const part of parts) {
      const repeats = part.repeats(bench.plan)
      for (let repeat = 1; repeat <= repeats; repeat += 1) {
        if (bench.plan.patience > 0) await calm.wait()
        for (const subject of usable) {
          const { name, peer } = subject
          if (failed(name, part.name) || (peer && repeat > bench.plan.peerRounds)) continue
          if (name === FLOOR && !part.floor) continue
          console.error(`${part.name}, ${repeat} of ${repeats}: ${name}`)
          try {
            if (repeat === 1 && part.leadIn && bench.plan.leadIn) {
              await awake(subject, () => part.measure(subject, bench))
            }
            const values = (await awake(subject, () => part.measure(subject, bench))) ?? {}
            // What it collects of garbage now is not to fall into the next one's turn; others stand still.
            if (name === ROUTER) await Bun.sleep(bench.plan.ebb * 1000)
            const row = results[name]!
            for (const [metric, value] of Object.entries(values)) {
              row[metric] = [...(row[metric] ?? []), value]
            }
          } catch (error) {
            fail(name, part.name, error)
          }
        }
      }
    }
    return { results, failures, unrest: calm.unrest() }
  } finally {
    for (const { name, target, peer } of subjects) {
      if (name === DIRECT) continue
      if (peer) hold(target.pid, false)
      await target.stop()
    }
  }
}

/** What fails when a subject does not come up, or does not answer as it should. */
const START = "coming up"
