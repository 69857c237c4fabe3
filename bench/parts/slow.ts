import { type Part, spent } from "../part.ts"
import { DELAY } from "../payload.ts"
import { chatRequest } from "../request.ts"
import { askSteadily } from "../steady.ts"
import { load } from "../wrk.ts"

/** Callers who all wait for an upstream that thinks. */
const WIDTH = 1000

/** What they ask for together when each thinks a while too, before it asks again. */
const PER_SECOND = 4000

const at = `${DELAY} ms upstream, ${WIDTH.toLocaleString("en-US")} connections`
const rate = `${PER_SECOND.toLocaleString("en-US")} requests/s`

/** Many callers who ask again as soon as they are answered, which is more than a core of anything carries. */
export const slow: Part = {
  name: "slow",
  metrics: [
    { id: "slow.p99", label: `added p99, ${at}`, unit: "ms", digits: 2, added: true },
    { id: "slow.perSecond", label: at, unit: "requests/s", digits: 0 },
    { id: "slow.cpu", label: "CPU per request there", unit: "µs", digits: 1 },
  ],
  leadIn: true,
  floor: true,
  repeats: ({ rounds }) => rounds,
  async measure({ target, peer }, { plan, folder }) {
    if (peer) return undefined
    const request = chatRequest(target, "slow")
    const { result, cpu } = await spent(target, () => load(folder, request, WIDTH, plan.slow))
    return {
      "slow.p99": result.p99,
      "slow.perSecond": result.perSecond,
      "slow.cpu": cpu / result.requests,
    }
  },
}

/** As many who ask at a rate that is given: what they wait longer is what the router does, not a queue. */
export const steady: Part = {
  name: "steady",
  metrics: [
    { id: "steady.p50", label: `added p50, ${at}, ${rate}`, unit: "ms", digits: 2, added: true },
    { id: "steady.p99", label: `added p99, ${at}, ${rate}`, unit: "ms", digits: 2, added: true },
    { id: "steady.cpu", label: "CPU per request there", unit: "µs", digits: 1 },
  ],
  leadIn: true,
  floor: true,
  repeats: ({ rounds }) => rounds,
  async measure({ target, peer }, { plan }) {
    if (peer) return undefined
    const how = { width: WIDTH, perSecond: PER_SECOND, seconds: plan.slow }
    const { result, cpu } = await spent(target, () => askSteadily(chatRequest(target, "slow"), how))
    return {
      "steady.p50": result.p50,
      "steady.p99": result.p99,
      "steady.cpu": cpu / result.requests,
    }
  },
}
