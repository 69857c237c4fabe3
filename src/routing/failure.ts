import type { GatewayError } from "../core/error.ts"

/** What of an error says how its channel stands. */
export type Failure = Pick<GatewayError, "kind" | "rule"> & {
  detail: Pick<GatewayError["detail"], "retryAfterMs">
}
