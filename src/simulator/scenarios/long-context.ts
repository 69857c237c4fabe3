import type { Scenario } from "../scenario.ts"

/** Short chats and whole books: what takes the long ones costs more and reads more slowly. */
export const longContext: Scenario = {
  name: "long-context",
  description: "Prompts from 1,000 to 400,000 tokens over windows of 32k, 200k and 1M",
  length: "40m",
  upstreams: {
    "local/small": {
      ttft: "300ms",
      prefill: "40ms",
      price: { input: 0.3, output: 1.2 },
      window: 32_768,
    },
    "north/large": {
      ttft: "450ms",
      prefill: "20ms",
      price: { input: 1.2, output: 5 },
      window: 200_000,
    },
    "east/huge": {
      ttft: "600ms",
      prefill: "12ms",
      price: { input: 2.5, output: 10 },
      window: 1_048_576,
    },
  },
  workload: {
    rate: 8,
    input: [
      { share: 0.6, tokens: { median: 2000, spread: 0.6 } },
      { share: 0.3, tokens: { median: 25_000, spread: 0.5 } },
      { share: 0.1, tokens: { median: 150_000, spread: 0.4 } },
    ],
    output: { median: 400, spread: 0.6 },
    stream: 0.8,
  },
}
