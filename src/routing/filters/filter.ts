import type { Deployment, Group, RoutingRequest } from "../../core/routing.ts"

/** Why a deployment is not right for a request. */
export interface Objection {
  /** Name of the filter. */
  filter: string
  /** In few words, for a person: `lacks vision`. */
  why: string
  /** Set where it is a guess or a wish: it is tried when nothing else is left. */
  soft?: boolean
}

/** One condition that a deployment has to meet before a strategy sees it. */
export interface Filter {
  readonly name: string
  /** @param now monotonic milliseconds. @returns undefined when there is nothing against it */
  check(
    deployment: Deployment,
    request: RoutingRequest,
    group: Group,
    now: number,
  ): Omit<Objection, "filter"> | undefined
}
