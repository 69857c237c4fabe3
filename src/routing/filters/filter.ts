import type { Channel, Deployment, Group, RoutingRequest } from "../../core/routing.ts"

/** Why a channel is not right for a request. Without `soft` and `guess` it is not used at all. */
export interface Objection {
  /** Name of the filter. */
  filter: string
  /** In few words, for a person: `lacks vision`. */
  why: string
  /** Set where it is a wish, or nearly fits: it is tried when nothing else is left. */
  soft?: boolean
  /**
   * Set where it rests on what is only believed of the model: how far off it is. Where all channels of
   * a group are left out, the nearest of these are tried: belief must not fail a request.
   */
  guess?: number
  /** Monotonic milliseconds when it ends by itself. */
  until?: number
  /** Set where it ends when an attempt that is under way does. */
  busy?: boolean
}

/** An objection whose filter is known. */
export type Against = Omit<Objection, "filter">

/** One condition that channels have to meet before a strategy sees them. */
export interface Filter {
  readonly name: string
  /** Whether keys of one deployment can differ in it. */
  readonly scope: "deployment" | "channel"
  /** Whether it is the operator's word, which also holds for a channel that a caller has pinned. */
  readonly binding?: boolean
  /** Whether it can ever object to a deployment, as the config has it; absent is that it can. */
  concerns?(deployment: Deployment): boolean
  /**
   * What is asked of each channel, or with scope `deployment` of one channel of each. It changes nothing.
   *
   * @param now monotonic milliseconds
   * @returns undefined where this request gives nothing to check
   */
  checker(
    request: RoutingRequest,
    group: Group,
    now: number,
  ): ((channel: Channel) => Against | undefined) | undefined
}
