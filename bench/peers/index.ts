import type { Peer } from "./peer.ts"

/** The other gateways, in the order of the table. One file each. */
export const peers: readonly Peer[] = []
