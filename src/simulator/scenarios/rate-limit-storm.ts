import type { Scenario } from "../scenario.ts"

/** A rush that the cheaper upstreams' quotas do not cover; only one of them says when to come back. */
export const rateLimitStorm: Scenario = {
  name: "429-storm",
  description:
    "A rush beyond the quotas of the cheaper upstreams; one of them gives no Retry-After",
  length: "20m",
  upstreams: {
    "north/large": {
      keys: 2,
      ttft: "450ms",
      price: { input: 2, output: 8 },
      quota: { rpm: 240, tpm: 600_000, headers: true },
      limits: { rpm: 480, tpm: 1_200_000 },
    },
    "east/large": {
      ttft: "480ms",
      price: { input: 2.2, output: 8.8 },
      quota: { rpm: 300, retryAfter: false },
    },
    "south/large": { ttft: "520ms", price: { input: 2.6, output: 10.4 } },
  },
  workload: {
    rate: [
      { at: "0s", rate: 6 },
      { at: "4m", rate: 6 },
      { at: "6m", rate: 30 },
      { at: "12m", rate: 30 },
      { at: "14m", rate: 6 },
    ],
    input: { median: 1500, spread: 0.8 },
    output: { median: 250, spread: 0.6 },
  },
}
