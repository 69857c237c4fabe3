import type { ProviderSettings } from "./settings.ts"

/** Money that one exchange may cost, kept aside until it is known what it did. */
export interface Hold {
  /** Ends it, once. @param cost nano-USD that were spent; null is nothing, or not known */
  settle(cost: number | null): void
}

/** What is spent at providers that have a budget. */
export interface Spending {
  /**
   * Whether a provider's budget has no room for so much more.
   *
   * @param cost nano-USD, expected; null is unpriced, for which there is always room
   * @param now monotonic milliseconds
   * @returns undefined when there is room, else when the budget begins anew: monotonic milliseconds,
   *   Infinity is never
   */
  usedUpUntil(provider: ProviderSettings, cost: number | null, now: number): number | undefined
  /** Keeps the expected cost of an attempt that begins aside. */
  hold(provider: ProviderSettings, cost: number | null): Hold
}
