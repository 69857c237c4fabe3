import type { Channel } from "../core/routing.ts"

/** Milliseconds without use after which an upstream's prompt cache is taken to be gone. */
export const WARM = 300_000
/** Sessions of a group that are remembered at most; those that were used last are at least half of them. */
const SESSIONS = 50_000

/** A channel that holds the prompt cache of a session. */
export interface Place {
  /** Channel id. */
  readonly channel: string
  /** Monotonic milliseconds when it answered last. */
  readonly used: number
  /** Tokens of the input that it answered to then. */
  readonly tokens: number
}

/** Where a session is, and where it was before it had to go. */
export interface Binding {
  readonly current: Place
  /** Undefined while `current` is its home. */
  readonly home: Place | undefined
}

/**
 * Which channels hold the prompt caches of which sessions. The rule:
 * 1. the channel that answers a session's first request is its home;
 * 2. a session stays where it was answered last;
 * 3. when another channel answers, the session is bound to that one and its home is kept in mind;
 * 4. while the home's cache is warm, which is for five minutes after its last answer, the session
 *    returns as soon as the home is usable;
 * 5. when it is not warm any more, the channel that answers then is the new home.
 */
export interface Bindings {
  get(session: string): Binding | undefined
  /** A channel has answered. */
  answered(session: string, channel: Channel, now: number, tokens: number): void
}

export function createBindings(limit = SESSIONS): Bindings {
  // Two generations, the older one dropped as a whole: to look for the oldest entry of a large Map is slow.
  let recent = new Map<string, Binding>()
  let older: ReadonlyMap<string, Binding> = new Map()
  const get = (session: string) => recent.get(session) ?? older.get(session)
  return {
    get,
    answered(session, { id }, now, tokens) {
      const before = get(session)
      const current: Place = { channel: id, used: now, tokens }
      const home = before && (before.home ?? before.current)
      const away = home !== undefined && home.channel !== id && isWarm(home, now)
      if (recent.size >= limit / 2 && !recent.has(session)) {
        older = recent
        recent = new Map()
      }
      recent.set(session, { current, home: away ? home : undefined })
    },
  }
}

/** Whether a place's cache is taken to be there still. */
export function isWarm({ used }: Place, now: number): boolean {
  return now - used <= WARM
}
