import type { Scenario } from "../scenario.ts"

/** Conversations that grow: whoever keeps each on the key that has its prompt cached pays a tenth of the input. */
export const agentSessions: Scenario = {
  name: "agent-sessions",
  description:
    "Agents' conversations of about 20 turns over four keys, each with a prompt cache of its own",
  length: "30m",
  upstreams: {
    "north/large": {
      keys: 4,
      ttft: "500ms",
      prefill: "25ms",
      price: { input: 3, output: 15, cacheRead: 0.3 },
      cache: { ttl: "5m" },
      quota: { rpm: 1000, tpm: 20_000_000 },
      outages: [{ from: "12m", to: "15m", error: "server-error", key: 2 }],
    },
  },
  workload: {
    rate: 0.55,
    turns: 20,
    think: "15s",
    input: { median: 8000, spread: 0.4 },
    growth: { median: 900, spread: 0.8 },
    output: { median: 300, spread: 0.7 },
  },
}
