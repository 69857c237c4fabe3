import type { Scenario } from "../scenario.ts"

/** The same model at prices ten times apart: the cheap one is slower, so it depends on the request. */
export const priceGap: Scenario = {
  name: "price-gap",
  description: "The same model at prices ten times apart, where the cheaper one is slower",
  length: "20m",
  upstreams: {
    "north/large": { ttft: "350ms", price: { input: 2.5, output: 10 } },
    "east/large": { ttft: "600ms", price: { input: 0.8, output: 3.2 } },
    "south/large": { ttft: "750ms", price: { input: 0.25, output: 1 } },
  },
  workload: { rate: 16, input: { median: 1500, spread: 1 }, output: { median: 250, spread: 0.8 } },
}
