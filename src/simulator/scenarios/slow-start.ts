import type { Scenario } from "../scenario.ts"

/** A machine of one's own is free of charge, but slow while its model loads: at first, and after a restart. */
export const slowStart: Scenario = {
  name: "slow-start",
  description:
    "A cheap server of one's own begins ten times slower, and does so again after a restart",
  length: "20m",
  upstreams: {
    "local/medium": {
      ttft: "350ms",
      perToken: "18ms",
      price: { input: 0.3, output: 1.2 },
      slow: [
        { from: "0s", to: "3m", factor: 10, ends: 1 },
        { from: "11m", to: "14m", factor: 10, ends: 1 },
      ],
      outages: [{ from: "10m", to: "11m", error: "refused" }],
    },
    "north/medium": { ttft: "450ms", price: { input: 0.6, output: 2.4 } },
    "east/medium": { ttft: "600ms", price: { input: 0.6, output: 2.4 } },
  },
  workload: {
    rate: 16,
    input: { median: 1500, spread: 0.8 },
    output: { median: 250, spread: 0.6 },
  },
}
