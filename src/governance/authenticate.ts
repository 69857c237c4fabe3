import type { HeaderView } from "../core/byte-source.ts"
import { GatewayError } from "../core/error.ts"
import type { AuthSettings } from "../core/settings.ts"

/** Who calls. */
export interface Caller {
  /** Null where no keys are configured: everybody is let in. */
  readonly id: string | null
  /** Groups it may use; undefined is everything. */
  readonly groups: ReadonlySet<string> | undefined
  /** Tags that all of its requests have, and the region that they stay in. */
  readonly tags: readonly string[]
  readonly region: string | undefined
}

export interface Authenticator {
  /** @throws GatewayError `unauthorized` */
  authenticate(request: Presented): Caller
}

/** The parts of a request that may carry a key. */
export interface Presented {
  readonly headers: HeaderView
  /** With its `?`, or empty. */
  readonly query?: string
}

/** Whoever calls where no keys are configured. */
export const ANYBODY: Caller = { id: null, groups: undefined, tags: [], region: undefined }

/**
 * Static caller keys. Only their SHA-256 is kept; a look-up by hash tells nothing about how much of
 * a wrong key was right.
 */
export function createAuthenticator({ required, keys }: AuthSettings): Authenticator {
  if (!required) return { authenticate: () => ANYBODY }
  if (keys.length === 0) return { authenticate: refuseEverybody }
  const callers = knownCallers(keys)
  return {
    authenticate(request) {
      const presented = presentedKey(request)
      if (!presented) {
        throw new GatewayError(
          "unauthorized",
          "No key was sent. Send one as `Authorization: Bearer <key>`, `x-api-key` or `x-goog-api-key`.",
          { code: "missing_api_key" },
        )
      }
      const caller = callerOf(callers, presented)
      if (caller) return caller
      throw new GatewayError("unauthorized", "The key that was sent is not one of this router's.", {
        code: "invalid_api_key",
      })
    },
  }
}

/** Keys that are listed and cannot be found are a mistake, which must not open the router. */
function refuseEverybody(): never {
  throw new GatewayError(
    "unauthorized",
    "The router's config lists caller keys, but none of them was found, so nobody is let in. Set the variable or the file that `auth.keys` names.",
    { code: "no_caller_keys" },
  )
}

/** The key that a request carries, wherever its protocol puts it; Anthropic's header wins over a bearer token. */
export function presentedKey({ headers, query }: Presented): string | undefined {
  const own = headers.get("x-api-key") ?? headers.get("x-goog-api-key")
  if (own) return own
  const authorization = headers.get("authorization")
  if (authorization) {
    const bearer = bearerOf(authorization)
    if (bearer) return bearer
  }
  // Gemini's clients without an SDK put it into the URL, which is never logged.
  return (query && new URLSearchParams(query).get("key")) || undefined
}

const SCHEME = "Bearer "

/** Nearly all are written in the same way, of which no list of matches has to be made. */
function bearerOf(authorization: string): string | undefined {
  if (authorization.startsWith(SCHEME)) {
    const key = authorization.slice(SCHEME.length)
    if (isPrintable(key)) return key
  }
  return /^bearer\s+(\S+)\s*$/i.exec(authorization)?.[1]
}

/** Whether it is nothing but ASCII without blanks, as nearly all keys are. */
function isPrintable(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code <= 0x20 || code >= 0x7f) return false
  }
  return true
}

/** A query as upstreams may see it: without the router's own key, however its name is spelt. */
export function withoutKey(query: string): string {
  if (query === "") return query
  const pairs = query.slice(1).split("&")
  const kept = pairs.filter((pair) => !new URLSearchParams(pair).has("key"))
  if (kept.length === pairs.length) return query
  return kept.length > 0 ? `?${kept.join("&")}` : ""
}

interface KnownCaller {
  readonly digest: Uint8Array
  readonly caller: Caller
}

/** Callers by the first bytes of their keys' hashes. */
type KnownCallers = ReadonlyMap<number, readonly KnownCaller[]>

function knownCallers(keys: AuthSettings["keys"]): KnownCallers {
  const known = new Map<number, KnownCaller[]>()
  for (const { id, key, groups, tags, region } of keys) {
    const digest = new Uint8Array(DIGEST)
    Bun.SHA256.hash(key.reveal(), digest)
    const caller = { id, groups: groups && new Set(groups), tags, region }
    const place = placeOf(digest)
    // Of two entries with one key the later one counts.
    known.set(place, [{ digest, caller }, ...(known.get(place) ?? [])])
  }
  return known
}

/** Bytes of a SHA-256. */
const DIGEST = 32

/** Of the key that is looked for. */
const wanted = new Uint8Array(DIGEST)

function callerOf(known: KnownCallers, key: string): Caller | undefined {
  Bun.SHA256.hash(key, wanted)
  const near = known.get(placeOf(wanted))
  if (near) for (const { digest, caller } of near) if (isSame(digest, wanted)) return caller
  return undefined
}

function placeOf(digest: Uint8Array): number {
  return digest[0]! | (digest[1]! << 8) | (digest[2]! << 16) | (digest[3]! << 24)
}

/** Takes the same time, whatever differs. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  let difference = 0
  for (let at = 0; at < DIGEST; at++) difference |= one[at]! ^ other[at]!
  return difference === 0
}

/** @throws GatewayError `forbidden` when the caller may not use a group */
export function allowGroup(caller: Caller, group: string): void {
  if (!caller.groups || caller.groups.has(group)) return
  throw new GatewayError("forbidden", `This key may not use \`${group}\`.`, {
    code: "model_not_allowed",
    param: "model",
  })
}
