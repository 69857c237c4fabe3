import type { Part } from "../part.ts"
import { chatRequest } from "../request.ts"
import { load } from "../wrk.ts"

/** What one caller waits longer than without anything between. */
export const single: Part = {
  name: "single",
  metrics: [
    { id: "single.p50", label: "added p50, 1 connection", unit: "µs", digits: 0, added: true },
    { id: "single.p99", label: "added p99, 1 connection", unit: "µs", digits: 0, added: true },
  ],
  leadIn: true,
  floor: true,
  repeats: ({ rounds }) => rounds,
  async measure({ target }, { plan, folder }) {
    const { p50, p99 } = await load(folder, chatRequest(target, "plain"), 1, plan.single)
    return { "single.p50": p50 * 1000, "single.p99": p99 * 1000 }
  },
}
