import type { Capabilities } from "./capabilities.ts"
import type { CooldownCause } from "./error.ts"
import type { Need, Needs } from "./needs.ts"
import type { Operation } from "./operation.ts"
import type { ProviderAccount } from "./provider.ts"
import type { Protocol } from "./protocol.ts"
import type { Secret } from "./secret.ts"
import type {
  DeploymentLimits,
  HedgeSettings,
  MirrorSettings,
  ProviderSettings,
  QueueSettings,
  Retries,
  Timeouts,
} from "./settings.ts"
import type { Traffic } from "./traffic.ts"
import type { Usage } from "./usage.ts"

export { NEEDS, type Need, type Needs } from "./needs.ts"

/** Why a channel is not used now. */
export type PauseReason = CooldownCause

/** The live state of one channel. Shared by every config generation that has the channel. */
export interface ChannelHealth {
  readonly id: string
  /** Monotonic milliseconds: when the last pause began, and until when it lasts. */
  pausedAt: number
  pausedUntil: number
  /** Why it was paused; stays after the pause until a request has succeeded. */
  reason: PauseReason | undefined
  /** Consecutive rejections of the key, for the growing pause. */
  rejections: number
  /** Since when one request tries a channel whose pause has ended; -Infinity when none does. */
  probingSince: number
  readonly traffic: Traffic
}

/** The live state of one deployment's breaker. */
export interface DeploymentHealth {
  readonly id: string
  /** Consecutive, and when the first of them was; -Infinity while there are none. */
  failures: number
  failingSince: number
  /** Monotonic milliseconds: when the breaker opened last, and until when it stays open. */
  openedAt: number
  openUntil: number
  /** How many times in a row it opened, for the growing pause; 0 when it is closed. */
  opened: number
  /** When it closed after having been open; -Infinity when it never was. Its share grows from then. */
  closedAt: number
  /** Turns over the keys. */
  turn: number
  /** Since when the half-open probe is in flight; -Infinity when none is. */
  probingSince: number
  /** Decayed mean of how long its outages lasted, in milliseconds; NaN while it had none. */
  recovery: number
  readonly traffic: Traffic
}

/** One provider and one upstream model. */
export interface Deployment {
  /** `provider/model`, the same in every group. */
  readonly id: string
  readonly provider: ProviderSettings
  readonly account: ProviderAccount
  /** What it speaks, preferred first. */
  protocols(operation: Operation): readonly Protocol[]
  /** What its model takes when spoken to in a protocol, and whose opaque state it takes. */
  capabilities(protocol: Protocol): Capabilities
  family(protocol: Protocol): string
  readonly model: string
  readonly weight: number
  readonly tags: readonly string[]
  /** Where it runs; undefined is not known. */
  readonly region: string | undefined
  readonly limits: DeploymentLimits
  /** Share of the group's traffic that it gets for a trial, from 0 to 100; undefined: it is no trial. */
  readonly percent: number | undefined
  /** What its model is known not to do. */
  readonly lacks: readonly Need[]
  /** What of that the config says, which is no guess: it is never asked for it. */
  readonly denies?: readonly Need[]
  /** Tokens of input and output together; undefined is not known. */
  readonly window: number | undefined
  readonly timeouts: Timeouts
  /** Nano-USD; null is unpriced. */
  cost(usage: Usage): number | null
  /** One per provider key; empty when the provider has none and needs one. */
  readonly channels: readonly Channel[]
  readonly health: DeploymentHealth
}

/** A deployment with one provider key: what is picked, pinned and cooled down. */
export interface Channel {
  /** `provider/model#fingerprint`; the fingerprint is the key's, or `-` without one. */
  readonly id: string
  readonly deployment: Deployment
  readonly key: Secret | undefined
  readonly health: ChannelHealth
}

/** The model name that callers use. */
export interface Group {
  readonly name: string
  readonly strategy: Strategy
  /** In config order. */
  readonly deployments: readonly Deployment[]
  /** In config order: deployments, then their keys. `group$N` is `channels[N]`. */
  readonly channels: readonly Channel[]
  readonly fallbacks: readonly string[]
  /** Where a request goes that is too long, and one that is refused for what it says. */
  readonly contextFallbacks: readonly string[]
  readonly contentPolicyFallbacks: readonly string[]
  readonly tagMatch: "strict" | "preferred"
  readonly queue: QueueSettings | undefined
  readonly hedge: HedgeSettings | undefined
  readonly continuation: boolean
  readonly mirror: MirrorSettings | undefined
  readonly retries: Retries
  /** Milliseconds over all attempts; 0 is no limit. */
  readonly total: number
  /** Whether a request is refused rather than changed when an upstream cannot do all of it. */
  readonly strict: boolean
  /** What a strategy remembers of this group across requests and reloads, made at its first use. */
  memory<Memory>(strategy: Strategy<Memory>): Memory
}

/** What of a request decides where it goes. */
export interface RoutingRequest {
  readonly operation: Operation
  readonly stream: boolean
  /** Size of its body. */
  readonly bytes: number
  /** Tokens of the input, guessed from its size. */
  readonly inputTokens: number
  /** The caller's own output limit; undefined is none. */
  readonly maxTokens: number | undefined
  /** What it needs of a model; may cost a look into the body, so it is asked for only where something lacks it. */
  readonly needs: Needs
  readonly tags: readonly string[]
  /** Where it has to stay; undefined is anywhere. */
  readonly region: string | undefined
  /** What its conversation is known by, hashed; undefined when it has nothing that lasts. */
  readonly session: string | undefined
  /** Key id of the caller. */
  readonly caller: string | null
}

/** What a strategy may look at, beside its own memory. */
export interface StrategyContext<Memory = unknown> {
  readonly request: RoutingRequest
  readonly memory: Memory
  /** Monotonic milliseconds. */
  readonly now: number
  /** The channels that compete now, in config order: those that could be used and are as good a fit. */
  readonly candidates: readonly Channel[]
  /** A number in [0, 1). */
  random(): number
}

/**
 * Says which of the usable channels of a group is best for one request. Retry and fallback are not
 * its business.
 */
export interface Strategy<Memory = unknown> {
  readonly name: string
  /** One line for the docs and the editor. */
  readonly description: string
  /** Other names that configs of other gateways have for it. */
  readonly aliases?: readonly string[]
  /** Whether keys of one deployment have scores of their own; else they take turns. */
  readonly scope: "deployment" | "channel"
  /** Whether scores depend on nothing but the config: then they are asked for once. */
  readonly steady?: boolean
  createMemory(): Memory
  /**
   * The score of each candidate, lower is better; equal ones are taken in config order. Called once
   * for each candidate, or with scope `deployment` once for any channel of it. Changes nothing: the
   * plan is also asked for where nothing is sent.
   */
  scorer(context: StrategyContext<Memory>): (channel: Channel) => number
  /** What a score is made of, by name, for a person; its parts need not add up where rank decides. */
  explain?(channel: Channel, context: StrategyContext<Memory>): Record<string, number>
  /**
   * Asked before `scorer` about the same request, by whoever can wait. A scorer that was not prepared
   * keeps the config order. Never rejects.
   */
  prepare?(context: StrategyContext<Memory>): Promise<void> | undefined
  /** Told where an attempt goes, before the next request is scored. */
  picked?(channel: Channel, context: StrategyContext<Memory>): void
  /** Told that an attempt's answer has begun, or that it failed by the channel's own fault. */
  answered?(channel: Channel, context: StrategyContext<Memory>): void
  failed?(channel: Channel, context: StrategyContext<Memory>): void
  /** Told after a reload: what it remembers of channels that the group no longer has can go. */
  keep?(memory: Memory, group: Group): void
}
