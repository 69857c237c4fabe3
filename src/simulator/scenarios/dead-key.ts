import type { Scenario } from "../scenario.ts"

/** One of four keys is revoked and comes back much later. */
export const deadKey: Scenario = {
  name: "dead-key",
  description: "One key of four is rejected for a quarter of an hour",
  length: "20m",
  upstreams: {
    "north/large": {
      keys: 4,
      ttft: "450ms",
      price: { input: 2.5, output: 10 },
      outages: [{ from: "2m", to: "17m", error: "unauthorized", key: 1 }],
    },
  },
  workload: {
    rate: 16,
    input: { median: 1500, spread: 0.8 },
    output: { median: 250, spread: 0.6 },
  },
}
