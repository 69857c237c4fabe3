import { join } from "node:path"
import type { Bench, Subject } from "./part.ts"
import type { Peer } from "./peers/peer.ts"
import { MEASURED_CORE } from "./process.ts"
import { DIRECT, FLOOR, ROUTER, YARDSTICK } from "./results.ts"
import { startBareSockets } from "./start-bare-sockets.ts"
import { startNginx } from "./start-nginx.ts"
import { startRouter } from "./start-router.ts"
import type { Place, Target } from "./target.ts"

/** Where peers are kept from run to run. */
export const CACHE = join(
  process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "/tmp", ".cache"),
  "llmrouter-bench",
)

/** A subject that is not started yet. */
interface Candidate {
  name: string
  peer: boolean
  start(place: Place): Promise<Target>
}

/** All that can be started, in the order of the table. */
export function candidates(peers: readonly Peer[]): Candidate[] {
  return [
    { name: YARDSTICK, peer: false, start: startNginx },
    { name: FLOOR, peer: false, start: startBareSockets },
    { name: ROUTER, peer: false, start: startRouter },
    ...peers.map((peer) => ({
      name: peer.name,
      peer: true,
      start: (place: Place) => peer.start({ ...place, cache: join(CACHE, peer.name) }),
    })),
  ]
}

/** The upstream as a subject: the direct way. */
export function directSubject(target: Target): Subject {
  return { name: DIRECT, target, peer: false }
}

let starts = 0

/** Starts a candidate; each that it begins later has a folder of its own too. */
export async function subjectOf(
  { name, peer, start }: Candidate,
  { folder, upstreamPort }: Bench,
): Promise<Subject> {
  const begin: NonNullable<Subject["begin"]> = (how = {}) => {
    starts += 1
    const own = join(folder, `${name}-${starts}`)
    return start({ cores: MEASURED_CORE, upstreamPort, folder: own, ...how })
  }
  return { name, peer, begin, target: await begin() }
}
