import type { Scenario } from "../scenario.ts"

/** The preferred upstream is up and down by turns, and another one fails now and then. */
export const flapping: Scenario = {
  name: "flapping",
  description:
    "The cheapest upstream is up for 40 s and down for 20 s by turns; another fails 1 in 50",
  length: "20m",
  upstreams: {
    "north/large": {
      ttft: "420ms",
      price: { input: 2, output: 8 },
      outages: [{ from: "2m", to: "16m", error: "server-error", every: "60s", lasts: "20s" }],
    },
    "east/large": {
      ttft: "480ms",
      price: { input: 2.2, output: 8.8 },
      outages: [{ from: "0s", to: "20m", error: "server-error", share: 0.02 }],
    },
    "south/large": { ttft: "550ms", price: { input: 2.4, output: 9.6 } },
  },
  workload: {
    rate: 16,
    input: { median: 1500, spread: 0.8 },
    output: { median: 250, spread: 0.6 },
  },
}
