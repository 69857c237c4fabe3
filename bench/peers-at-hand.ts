import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { Peer } from "./peers/peer.ts"
import { findProgram } from "./process.ts"
import { CACHE } from "./subjects.ts"

/** Which peers can be measured here, and why the others cannot. */
export interface AtHand {
  ready: Peer[]
  missing: { name: string; reason: string }[]
  /** Those that no package manager brings to any machine: they are only named. */
  unavailable: { name: string; reason: string }[]
}

const sourceOf = ({ source }: Peer) => `${source.registry} ${source.package} ${source.version}`

/** Looks for every peer; installs those that are missing when asked to. */
export async function findPeers(peers: readonly Peer[], install: boolean): Promise<AtHand> {
  const found: AtHand = { ready: [], missing: [], unavailable: [] }
  for (const peer of peers) {
    if (peer.unavailable) {
      found.unavailable.push({ name: peer.name, reason: peer.unavailable })
      continue
    }
    const cache = join(CACHE, peer.name)
    const lacking = peer.needs.filter((program) => !findProgram(program))
    let reason =
      peer.unavailable ?? (lacking.length > 0 ? `needs ${lacking.join(" and ")}` : undefined)
    if (!reason && !(await peer.installed(cache))) {
      reason = `not installed (${sourceOf(peer)})`
      if (install) {
        console.error(`installing ${peer.name}: ${sourceOf(peer)}`)
        reason = await mkdir(cache, { recursive: true })
          .then(() => peer.install(cache))
          .then(
            () => undefined,
            (error: unknown) => (error instanceof Error ? error.message : String(error)),
          )
      }
    }
    if (reason) found.missing.push({ name: peer.name, reason })
    else found.ready.push(peer)
  }
  return found
}
