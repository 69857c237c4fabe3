import type { ChannelHealth, PauseReason } from "../core/routing.ts"
import type { Cooldown } from "../core/settings.ts"
import { TRIAL } from "./breaker.ts"
import type { Failure } from "./failure.ts"
import { LiveTraffic } from "./traffic.ts"

/** Longest pause that an upstream can ask for, in milliseconds: a day. */
const LONGEST_RETRY_AFTER = 86_400_000

/** The pause after the n-th rejection of a key in a row, counted from 0. */
export function rejectionPause({ auth, authMax }: Cooldown, rejections: number): number {
  return Math.min(auth * 2 ** Math.min(rejections, 20), authMax)
}

/** An attempt, by which of two began later. */
interface Ordered {
  readonly order: number
}

/** The pauses and figures of one channel. */
export class LiveChannel implements ChannelHealth {
  readonly id: string
  pausedAt = 0
  pausedUntil = 0
  reason: PauseReason | undefined
  rejections = 0
  probingSince = Number.NEGATIVE_INFINITY
  readonly traffic = new LiveTraffic()
  #probe: Ordered | undefined
  /** The last attempt that had begun when the pause did: what came before says nothing new. */
  #pausedAfter = 0

  constructor(id: string) {
    this.id = id
  }

  /** Whether one request is trying if its pause is really over. */
  probing(now: number): boolean {
    return now - this.probingSince < TRIAL
  }

  begin(trial: Ordered, now: number): void {
    // A limit is over when its time is: there is nothing to try out.
    if (this.reason === undefined || this.reason === "rate-limit") return
    if (this.pausedUntil > now || this.probing(now)) return
    this.#probe = trial
    this.probingSince = now
  }

  end(trial: Ordered): void {
    if (this.#probe !== trial) return
    this.#probe = undefined
    this.probingSince = Number.NEGATIVE_INFINITY
  }

  /** An attempt has found that it works: clears a pause that is older than the attempt. */
  works({ order }: Ordered): void {
    if (order <= this.#pausedAfter) return
    this.reason = undefined
    this.pausedUntil = 0
    this.rejections = 0
  }

  /** A probe was answered. Some give what it asks for to anybody: only a real answer ends the row of rejections. */
  probed(accepted: boolean, now: number, cooldown: Cooldown): void {
    if (accepted) this.reason = undefined
    this.pausedUntil = accepted ? 0 : now + rejectionPause(cooldown, this.rejections++)
  }

  /** @param latest the last attempt that has begun */
  rest(error: Failure, trial: Ordered, now: number, latest: number, cooldown: Cooldown): void {
    const { cooldown: cause, cooldownMs } = error.rule
    if (!cause) return
    let length: number
    if (cooldownMs !== undefined) length = cooldownMs
    else if (cause === "auth") {
      // Requests that were under way together are one rejection.
      if (this.reason === "auth" && trial.order <= this.#pausedAfter) return
      length = rejectionPause(cooldown, this.rejections++)
    } else {
      const usual = cause === "rate-limit" ? cooldown.rateLimit : cooldown[cause]
      length = Math.min(error.detail.retryAfterMs ?? usual, LONGEST_RETRY_AFTER)
    }
    // A pause that lasts longer knows more.
    if (this.reason !== undefined && this.pausedUntil > now + length) return
    this.reason = cause
    this.pausedAt = now
    this.pausedUntil = now + length
    this.#pausedAfter = latest
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    const { pausedAt, pausedUntil, reason, rejections, probingSince } = this
    return {
      shown: { pausedAt, pausedUntil, reason, rejections, probingSince },
      pausedAfter: this.#pausedAfter,
      probe: this.#probe?.order,
      traffic: this.traffic.save(),
    }
  }

  /** @param attemptOf an attempt under way by its order */
  load(
    { shown, pausedAfter, probe, traffic }: ReturnType<LiveChannel["save"]>,
    attemptOf: (order: number) => Ordered | undefined,
  ): void {
    Object.assign(this, shown)
    this.#pausedAfter = pausedAfter
    this.#probe = probe === undefined ? undefined : attemptOf(probe)
    this.traffic.load(traffic)
  }
}
