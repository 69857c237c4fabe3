import { cpuTime } from "../family.ts"
import type { Bench, Part, Subject, Values } from "../part.ts"
import { MEASURED_CORE, OTHER_CORE } from "../process.ts"
import { conversationRequest } from "../request.ts"
import type { Target } from "../target.ts"
import { verifyConversation } from "../verify.ts"
import { load } from "../wrk.ts"

/** Connections in all: enough for each worker to always have some, however they fall to them. */
const WIDTH = 32

/** Seconds in which even routers that just began answer some of them. */
const SHORTEST = 2

const BOTH = `${MEASURED_CORE},${OTHER_CORE}`

interface Run {
  perSecond: number
  /** CPU seconds a second that the routers had. */
  cores: number
  perCore: number
}

/** Loads these routers, all at once, as if they were one. */
async function loadAll(targets: readonly Target[], folder: string, seconds: number): Promise<Run> {
  const cpu = () => targets.reduce((sum, { pid }) => sum + cpuTime(pid), 0) / 1_000_000
  const before = cpu()
  const results = await Promise.all(
    targets.map((target) =>
      load(folder, conversationRequest(target), WIDTH / targets.length, seconds),
    ),
  )
  const spent = cpu() - before
  const requests = results.reduce((sum, each) => sum + each.requests, 0)
  const perSecond = results.reduce((sum, each) => sum + each.perSecond, 0)
  return { perSecond, cores: (spent * perSecond) / requests, perCore: requests / spent }
}

/** Starts routers, has them loaded until they are fast and then once more, and ends them. */
async function measure(
  { begin }: Subject,
  how: { cores: string; workers: number; routers: number },
  { plan, folder }: Bench,
): Promise<Run> {
  const targets: Target[] = []
  try {
    while (targets.length < how.routers) targets.push(await begin!(how))
    await verifyConversation(targets[0]!)
    await loadAll(targets, folder, Math.max(SHORTEST, plan.warmUp))
    return await loadAll(targets, folder, Math.max(SHORTEST, plan.load))
  } finally {
    for (const target of targets) await target.stop()
  }
}

/**
 * Two workers on both cores against one on its own. The load and the upstream need a part of the second
 * core in any case, so the work is one of which the router has by far the most: long conversations that
 * are translated. Two routers that know nothing of each other say what the machine itself allows.
 */
export const workersPart: Part = {
  name: "workers",
  metrics: [
    { id: "workers.one", label: "1 worker, 200 KB translated", unit: "requests/s", digits: 1 },
    { id: "workers.two", label: "2 workers, beside the load", unit: "requests/s", digits: 1 },
    { id: "workers.ratio", label: "2 workers : 1", unit: "×", digits: 2 },
    { id: "workers.apart", label: "2 routers apart : 1", unit: "×", digits: 2 },
    { id: "workers.cores", label: "cores that 2 workers got", unit: "cores", digits: 2 },
    { id: "workers.perCore", label: "work per core, 2 workers : 1", unit: "×", digits: 2 },
    {
      id: "workers.apartPerCore",
      label: "work per core, 2 routers apart : 1",
      unit: "×",
      digits: 2,
    },
  ],
  // Each begins with new programs, which have to get warm.
  repeats: ({ rounds }) => Math.ceil(rounds / 2),
  async measure(subject, bench): Promise<Values | undefined> {
    if (subject.name !== "llmrouter" || !subject.begin) return undefined
    const one = await measure(subject, { cores: MEASURED_CORE, workers: 1, routers: 1 }, bench)
    const two = await measure(subject, { cores: BOTH, workers: 2, routers: 1 }, bench)
    const apart = await measure(subject, { cores: BOTH, workers: 1, routers: 2 }, bench)
    return {
      "workers.one": one.perSecond,
      "workers.two": two.perSecond,
      "workers.ratio": two.perSecond / one.perSecond,
      "workers.apart": apart.perSecond / one.perSecond,
      "workers.cores": two.cores,
      "workers.perCore": two.perCore / one.perCore,
      "workers.apartPerCore": apart.perCore / one.perCore,
    }
  },
}
