import type { Scenario } from "../scenario.ts"

/** The best upstream comes back from an outage with a tenth of its capacity: sent everything, it refuses. */
export const thunderingRecovery: Scenario = {
  name: "thundering-recovery",
  description:
    "The best upstream is down for 3 min and comes back with little capacity, which grows",
  length: "20m",
  upstreams: {
    "north/large": {
      ttft: "400ms",
      price: { input: 2, output: 8 },
      capacity: 200,
      overload: "refuse",
      outages: [{ from: "4m", to: "7m", error: "server-error" }],
      slow: [
        { from: "7m", to: "8m", factor: 1.5, capacity: 10 },
        { from: "8m", to: "9m", factor: 1.2, capacity: 40 },
      ],
    },
    "east/large": { ttft: "500ms", price: { input: 2.4, output: 9.6 }, capacity: 80 },
    "south/large": { ttft: "550ms", price: { input: 2.5, output: 10 }, capacity: 80 },
  },
  workload: {
    rate: 16,
    input: { median: 1500, spread: 0.8 },
    output: { median: 250, spread: 0.6 },
  },
}
