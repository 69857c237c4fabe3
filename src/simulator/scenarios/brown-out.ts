import type { Scenario } from "../scenario.ts"

/** The usual best becomes six times slower for some minutes, and half recovers before it is well again. */
export const brownOut: Scenario = {
  name: "brown-out",
  description:
    "The fastest of three upstreams gets six times slower for minutes, without any error",
  length: "20m",
  upstreams: {
    "north/large": {
      ttft: "420ms",
      price: { input: 2.5, output: 10 },
      slow: [
        { from: "5m", to: "6m", factor: 1, ends: 6 },
        { from: "6m", to: "10m", factor: 6 },
        { from: "10m", to: "12m", factor: 6, ends: 1 },
      ],
    },
    "east/large": { ttft: "560ms", price: { input: 2.5, output: 10 } },
    "south/large": { ttft: "700ms", price: { input: 2.5, output: 10 } },
  },
  workload: {
    rate: 16,
    input: { median: 1500, spread: 0.8 },
    output: { median: 250, spread: 0.6 },
  },
}
