import { LARGE, mix } from "../mixed.ts"
import type { Part } from "../part.ts"
import { chatRequest } from "../request.ts"
import { quantile } from "../statistics.ts"

/** Small requests beside large bodies: whether one caller makes the others wait. */
export const large: Part = {
  name: "large",
  metrics: [
    { id: "large.p50", label: "small requests beside 8 MB bodies, p50", unit: "ms", digits: 2 },
    { id: "large.p99", label: "small requests beside 8 MB bodies, p99", unit: "ms", digits: 2 },
    { id: "large.own", label: "the large ones themselves, p50", unit: "ms", digits: 1 },
  ],
  leadIn: true,
  repeats: ({ rounds }) => rounds,
  async measure({ target, peer }, { plan, folder }) {
    if (peer) return undefined
    const times = await mix(
      folder,
      chatRequest(target, "plain"),
      chatRequest(target, "plain", LARGE),
      plan.large,
    )
    return {
      "large.p50": quantile(times.small, 0.5),
      "large.p99": quantile(times.small, 0.99),
      "large.own": quantile(times.large, 0.5),
    }
  },
}
