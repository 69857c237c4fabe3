import type { ErrorKind } from "../core/error.ts"

/**
 * What the status of an error answer means, where its body says nothing better. Locks (409), early data
 * (425) and a caller that had left (408, 499: that was us, or a proxy of theirs) are the upstream's own
 * trouble.
 */
export function kindOfStatus(status: number): ErrorKind {
  if (status === 401 || status === 402 || status === 403) return "upstream-unauthorized"
  if (status === 404) return "upstream-model-missing"
  if (status === 429) return "upstream-rate-limited"
  if (status === 408 || status === 409 || status === 425 || status === 499) return "upstream-error"
  if (status === 504) return "upstream-timeout"
  if (status >= 500) return "upstream-error"
  return status >= 400 ? "upstream-rejected" : "upstream-invalid"
}

/** The status that a caller gets for an upstream's, if any: 499 would say that the caller has left. */
export function statusToTell(status: number): { status?: number } {
  return status >= 400 && status !== 499 ? { status } : {}
}
