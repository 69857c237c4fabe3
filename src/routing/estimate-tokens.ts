import type { Deployment, RoutingRequest } from "../core/routing.ts"
import { expectedOutputOf } from "./estimate.ts"

/** Input and output tokens that one attempt on a deployment is expected to use. */
export function expectedTokens(request: RoutingRequest, deployment: Deployment): number {
  return request.inputTokens + Math.ceil(expectedOutputOf(request, deployment))
}
