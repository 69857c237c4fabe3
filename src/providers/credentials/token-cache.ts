import type { EndSignal } from "../../core/life.ts"
import type { Clock } from "../../core/clock.ts"

/** A short-lived token. */
export interface AccessToken {
  value: string
  /** Milliseconds since 1970 at which it ends: a machine that slept has lost it. */
  expires: number
}

/** Keeps one token and renews it in time. */
export interface TokenCache {
  /** @param signal lets this caller go; the renewal, which others wait for too, goes on */
  get(signal: EndSignal): Promise<string>
  /**
   * A request was refused that had the token: the next caller gets another one.
   *
   * @param began when the request did, in monotonic milliseconds: what was had since then is another token
   */
  forget(began: number): void
}

/** Milliseconds before its end from which a token is renewed, while it still serves. */
const EARLY = 5 * 60_000

/** Milliseconds before its end from which a token no longer serves: a request takes its time. */
const LATE = 30_000

/** Milliseconds after a failed early renewal before the next one. */
const PAUSE = 10_000

/**
 * One renewal at a time, whoever asks. Early renewals run beside the requests; when one fails, the
 * token that is there serves on until its end.
 */
export function createTokenCache(fetch: () => Promise<AccessToken>, clock: Clock): TokenCache {
  let current: AccessToken | undefined
  /** When it came. */
  let since = 0
  let pending: Promise<AccessToken> | undefined
  let notBefore = 0

  function renew(): Promise<AccessToken> {
    pending ??= fetch()
      .then((token) => {
        current = token
        since = clock.now()
        return token
      })
      .catch((thrown: unknown) => {
        notBefore = clock.wall() + PAUSE
        throw thrown
      })
      .finally(() => {
        pending = undefined
      })
    return pending
  }

  return {
    async get(signal) {
      const now = clock.wall()
      if (current && now < current.expires - LATE) {
        if (now >= current.expires - EARLY && now >= notBefore) renew().catch(() => {})
        return current.value
      }
      return (await abortable(renew(), signal)).value
    },
    forget(began) {
      if (since < began) current = undefined
    },
  }
}

function abortable<T>(promise: Promise<T>, signal: EndSignal): Promise<T> {
  // Whoever has left already does not hear of its failure.
  promise.catch(() => {})
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener("abort", leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave))
  })
}
