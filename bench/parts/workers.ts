import { type Part, spent, type Subject, type Values } from "../part.ts"
import { messagesRequest } from "../request.ts"
import { readStreams } from "../streams.ts"
import { MEASURED_CORE, OTHER_CORE } from "../process.ts"
import type { Plan } from "../plan.ts"

/** Streams at once: enough for each worker to always have some. */
const WIDTH = 256

interface Run {
  perSecond: number
  /** CPU seconds a second that the router had. */
  cores: number
  perCore: number
}

async function measure(subject: Subject, workers: number, plan: Plan): Promise<Run> {
  const cores = workers === 1 ? MEASURED_CORE : `${MEASURED_CORE},${OTHER_CORE}`
  const target = await subject.begin!({ cores, workers })
  try {
    const request = messagesRequest(target, "fast")
    await readStreams(request, WIDTH, 1) // Warms up.
    const { result, cpu } = await spent(target, () => readStreams(request, WIDTH, plan.load))
    const seconds = result.events / result.perSecond
    return {
      perSecond: result.perSecond,
      cores: cpu / 1_000_000 / seconds,
      perCore: result.events / (cpu / 1_000_000),
    }
  } finally {
    await target.stop()
  }
}

/**
 * Two workers on both cores against one on its own. The load and the upstream need a part of the second
 * core in any case, so the work is one of which the router has by far the most: translated streams.
 */
export const workersPart: Part = {
  name: "workers",
  metrics: [
    { id: "workers.one", label: "1 worker, translated streams", unit: "events/s", digits: 0 },
    { id: "workers.two", label: "2 workers, beside the load", unit: "events/s", digits: 0 },
    { id: "workers.ratio", label: "2 workers : 1", unit: "×", digits: 2 },
    { id: "workers.cores", label: "cores that 2 workers got", unit: "cores", digits: 2 },
    { id: "workers.perCore", label: "work per core, 2 workers : 1", unit: "×", digits: 2 },
  ],
  repeats: ({ rounds }) => rounds,
  async measure(subject, { plan }): Promise<Values | undefined> {
    if (subject.name !== "llmrouter" || !subject.begin) return undefined
    const one = await measure(subject, 1, plan)
    const two = await measure(subject, 2, plan)
    return {
      "workers.one": one.perSecond,
      "workers.two": two.perSecond,
      "workers.ratio": two.perSecond / one.perSecond,
      "workers.cores": two.cores,
      "workers.perCore": two.perCore / one.perCore,
    }
  },
}
