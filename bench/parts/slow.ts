import { type Part, spent } from "../part.ts"
import { chatRequest } from "../request.ts"
import { load } from "../wrk.ts"

const WIDTH = 1000

/** Many callers who all wait for an upstream that thinks for 50 ms. */
export const slow: Part = {
  name: "slow",
  metrics: [
    {
      id: "slow.p99",
      label: "added p99, 50 ms upstream, 1,000 connections",
      unit: "ms",
      digits: 2,
      added: true,
    },
    {
      id: "slow.perSecond",
      label: "50 ms upstream, 1,000 connections",
      unit: "requests/s",
      digits: 0,
    },
    { id: "slow.cpu", label: "CPU per request there", unit: "µs", digits: 1 },
  ],
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
