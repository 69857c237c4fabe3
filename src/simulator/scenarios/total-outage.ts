import type { Scenario } from "../scenario.ts"

/** Nothing works for a while, each upstream in a way of its own; they come back one after the other. */
export const totalOutage: Scenario = {
  name: "total-outage",
  description: "All three upstreams fail at once, each in its own way, and come back one by one",
  length: "20m",
  upstreams: {
    "north/large": {
      ttft: "420ms",
      price: { input: 2.5, output: 10 },
      outages: [{ from: "6m", to: "9m", error: "server-error" }],
    },
    "east/large": {
      ttft: "500ms",
      price: { input: 2.5, output: 10 },
      outages: [{ from: "6m", to: "8m", error: "refused" }],
    },
    "south/large": {
      ttft: "550ms",
      price: { input: 2.6, output: 10.4 },
      outages: [{ from: "6m", to: "10m", error: "unreachable" }],
    },
  },
  workload: {
    rate: 16,
    input: { median: 1500, spread: 0.8 },
    output: { median: 250, spread: 0.6 },
  },
}
