import type { Channel } from "../core/routing.ts"

/** Milliseconds without use after which an upstream's prompt cache is taken to be gone. */
export const WARM = 300_000
/** Sessions of a group that are remembered; the one that was not used for longest goes first. */
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
  const bindings = new Map<string, Binding>()
  return {
    get: (session) => bindings.get(session),
    answered(session, { id }, now, tokens) {
      const before = bindings.get(session)
      const current: Place = { channel: id, used: now, tokens }
      const home = before && (before.home ?? before.current)
      const away = home !== undefined && home.channel !== id && isWarm(home, now)
      bindings.delete(session)
      bindings.set(session, { current, home: away ? home : undefined })
      if (bindings.size <= limit) return
      for (const oldest of bindings.keys()) {
        bindings.delete(oldest)
        break
      }
    },
  }
}

/** Whether a place's cache is taken to be there still. */
export function isWarm({ used }: Place, now: number): boolean {
  return now - used <= WARM
}
