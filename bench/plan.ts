/** How much is measured; times in seconds. */
export interface Plan {
  name: "full" | "quick" | "smoke"
  /** Seconds that all rounds together may wait for a calm machine; 0 for not looking whether it is. */
  patience: number
  /** Whether a round that does not count comes before those that do. */
  leadIn: boolean
  /** Seconds between the router's turn and the next one's. */
  ebb: number
  /** Seconds of each sort of stream before anything is counted; plain requests come for twice as long. */
  warmUp: number
  /** Repeats of what is measured under load; targets take turns in each. */
  rounds: number
  /** The same of other gateways, which are many. */
  peerRounds: number
  load: number
  single: number
  paced: number
  fast: number
  slow: number
  large: number
  /** Starts of each program. */
  starts: number
  /** Streams that are left, in all. */
  leaves: number
}

/** What `bun run bench` can do: everything, everything in two minutes, and showing that it works. */
export const plans: Readonly<Record<Plan["name"], Plan>> = {
  full: {
    name: "full",
    patience: 60,
    leadIn: true,
    ebb: 1,
    warmUp: 6,
    rounds: 5,
    peerRounds: 3,
    load: 5,
    single: 4,
    paced: 4,
    fast: 3,
    slow: 4,
    large: 8,
    starts: 11,
    leaves: 100_000,
  },
  quick: {
    name: "quick",
    patience: 0,
    leadIn: false,
    ebb: 0,
    warmUp: 1,
    rounds: 2,
    peerRounds: 1,
    load: 1,
    single: 1,
    paced: 1,
    fast: 1,
    slow: 1,
    large: 1,
    starts: 5,
    leaves: 10_000,
  },
  smoke: {
    name: "smoke",
    patience: 0,
    leadIn: false,
    ebb: 0,
    warmUp: 0,
    rounds: 1,
    peerRounds: 1,
    load: 1,
    single: 1,
    paced: 1,
    fast: 1,
    slow: 1,
    large: 1,
    starts: 1,
    leaves: 200,
  },
}
