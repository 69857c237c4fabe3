import type { Peer } from "./peer.ts"

/** A peer that no package manager can bring, so that the bench names it and says why. */
export function missing(
  peer: Pick<Peer, "name" | "language" | "source"> & Required<Pick<Peer, "unavailable">>,
): Peer {
  const refuse = () => Promise.reject(new Error(peer.unavailable))
  return { ...peer, needs: [], installed: () => false, install: refuse, start: refuse }
}
