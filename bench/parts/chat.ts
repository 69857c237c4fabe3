import { type Part, spent } from "../part.ts"
import { chatRequest } from "../request.ts"
import { load } from "../wrk.ts"

const chat = (width: number): Part => {
  const id = `chat${width}`
  const at = `${width} connections`
  return {
    name: id,
    metrics: [
      { id: `${id}.perSecond`, label: `chat, ${at}`, unit: "requests/s", digits: 0 },
      { id: `${id}.cpu`, label: `CPU per request, ${at}`, unit: "µs", digits: 1 },
      { id: `${id}.p50`, label: `p50, ${at}`, unit: "ms", digits: 2 },
      { id: `${id}.p99`, label: `p99, ${at}`, unit: "ms", digits: 2 },
    ],
    leadIn: true,
    floor: true,
    repeats: ({ rounds }) => rounds,
    async measure({ target }, { plan, folder }) {
      const request = chatRequest(target, "plain")
      const { result, cpu } = await spent(target, () => load(folder, request, width, plan.load))
      return {
        [`${id}.perSecond`]: result.perSecond,
        [`${id}.cpu`]: cpu / result.requests,
        [`${id}.p50`]: result.p50,
        [`${id}.p99`]: result.p99,
      }
    },
  }
}

/** Requests of 1 KB to an upstream that answers at once. */
export const chat64 = chat(64)

/** The same over more connections than some programs keep open. */
export const chat256 = chat(256)
