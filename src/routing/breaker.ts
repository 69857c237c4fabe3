import type { DeploymentHealth } from "../core/routing.ts"
import type { BreakerSettings } from "../core/settings.ts"
import { AttemptWindow } from "./attempt-window.ts"

/** Milliseconds for which one trial keeps others away: a trial may be a minute-long answer. */
export const TRIAL = 5000
/** Share of its traffic with which a recovered deployment begins. */
const FIRST_SHARE = 0.1
/** Failures among the attempts of a recovery that end it, where the config counts no rate. */
const USUAL_RATE = 0.5
/** Weight of the newest outage in the learned recovery time. */
const NEWEST = 0.3
/** Share of `open` that a deployment which is known to recover fast stays open at least. */
const SHORTEST = 0.1

/** Share of an opening that is taken off it at most. */
const VARIED = 0.2
/** Its multiples are spread evenly over the numbers from 0 to 1, however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2

const NEVER = Number.NEGATIVE_INFINITY

/** What an attempt was to its deployment's breaker. */
export interface BreakerTrial {
  /** Ascending: which of two attempts began later. */
  readonly order: number
  /** Whether it is the one that finds out if an open breaker may close. */
  probe: boolean
}

type Recorded = Omit<DeploymentHealth, "turn" | "traffic">

/**
 * Share that is taken off a deployment's opening, from 0 to 0.2: another one each time, so that its probes
 * do not meet each outage of an upstream that is down at regular intervals.
 *
 * @param times how often it has opened, this time included
 */
export function shortening(id: string, times: number): number {
  const place = Bun.hash.murmur32v3(id) / 2 ** 32 + times * GOLDEN
  return VARIED * (place - Math.floor(place))
}

/**
 * The breaker of one deployment.
 *
 * Closed → open: after `failures` in a row, or when `rate` of at least `minimum` attempts in `window`
 * failed. Open → half-open when its time is over: then one attempt at a time probes; a probe that
 * takes longer than `TRIAL` no longer keeps the next one away. A probe that fails opens it for twice as
 * long, one that succeeds closes it, and its share of the traffic grows back during `recovery`. When as
 * many as `rate` of the attempts of that time have failed, it opens again at once, for twice as long. What is
 * longer than `open` is shortened by up to a fifth, down to `open`.
 *
 * Its first opening lasts `open`, or half of its learned recovery time where that is longer: probes of
 * one that needs ten minutes are in vain each time. Where it is shorter, it has to have been well for
 * `maxOpen` before, so that a flapping one gains nothing by it, and at least a tenth of `open` is kept.
 */
export class Breaker implements Recorded {
  readonly id: string
  failures = 0
  openedAt = 0
  openUntil = 0
  opened = 0
  closedAt = NEVER
  probingSince = NEVER
  recovery = Number.NaN
  /** When the first of the failures in a row was; -Infinity while there are none. */
  failingSince = NEVER
  readonly #window = new AttemptWindow()
  #probe: BreakerTrial | undefined
  /** The attempt whose failure opened it, and the last that had begun then, and when it closed. */
  #blamed = 0
  #openedAfter = 0
  #closedAfter = 0
  /** How often it has opened ever. */
  #times = 0
  /** Milliseconds of the last opening before it was shortened; 0 once a recovery is complete. */
  #length = 0
  /** When the outage began that is open or not recovered from. */
  #outageSince = NEVER
  /** Attempts of the recovery, and those of them that failed. */
  #tried = 0
  #missed = 0

  constructor(id: string) {
    this.id = id
  }

  /** Share of its traffic that it may have, from 0.1 to 1. */
  share(now: number, { recovery }: BreakerSettings): number {
    if (this.#length === 0 || recovery <= 0) return 1
    const grown = Math.max(0, now - this.closedAt) / recovery
    return Math.min(1, FIRST_SHARE + (1 - FIRST_SHARE) * grown)
  }

  /** Whether its share may be less than all. */
  get recovering(): boolean {
    return this.#length > 0 && this.opened === 0
  }

  /** Whether one attempt is finding out if it may close. */
  probing(now: number): boolean {
    return now - this.probingSince < TRIAL
  }

  begin(trial: BreakerTrial, now: number): void {
    if (this.opened === 0 || this.openUntil > now || this.probing(now)) return
    trial.probe = true
    this.#probe = trial
    this.probingSince = now
  }

  /** The attempt is over, whatever it says. */
  end(trial: BreakerTrial): void {
    if (this.#probe !== trial) return
    this.#probe = undefined
    this.probingSince = NEVER
  }

  /** @param latest the last attempt that has begun */
  succeeded(trial: BreakerTrial, now: number, latest: number, rules: BreakerSettings): void {
    const { order, probe } = trial
    // Attempts that began before it opened say nothing new.
    const fresh = order > this.#openedAfter
    if (this.opened > 0) {
      // But for a probe later than the one whose failure opened it again.
      if (fresh || (probe && order > this.#blamed)) this.#close(now, latest, rules)
      return
    }
    if (!fresh) return
    this.#settle(now, rules)
    this.failures = 0
    this.failingSince = NEVER
    this.#window.add(now, rules.window, false)
    if (order > this.#closedAfter) this.#tried++
  }

  /** @param latest the last attempt that has begun */
  failed(trial: BreakerTrial, now: number, latest: number, rules: BreakerSettings): void {
    if (trial.order <= this.#openedAfter) return
    if (this.opened > 0) {
      this.failures++
      // One that was made because there was nothing better does not make it worse.
      if (trial.probe) this.#open(trial, now, latest, rules)
      return
    }
    this.#settle(now, rules)
    if (this.failures++ === 0) this.failingSince = now
    this.#window.add(now, rules.window, true)
    if (trial.order > this.#closedAfter) {
      this.#tried++
      this.#missed++
    }
    if (this.#isTooMuch(rules)) this.#open(trial, now, latest, rules)
  }

  #isTooMuch({ failures, rate, minimum }: BreakerSettings): boolean {
    if (failures === 0 && rate === 0) return false
    if (failures > 0 && this.failures >= failures) return true
    const { attempts, failures: failed } = this.#window
    if (rate > 0 && attempts >= minimum && failed >= rate * attempts) return true
    return this.recovering && this.#missed >= (rate || USUAL_RATE) * this.#tried
  }

  #open({ order }: BreakerTrial, now: number, latest: number, rules: BreakerSettings): void {
    if (this.#outageSince === NEVER) this.#outageSince = this.failingSince
    this.#length = Math.min(this.#nextLength(now, rules), rules.maxOpen)
    this.opened++
    this.openedAt = now
    const shorter = Math.round(this.#length * (1 - shortening(this.id, ++this.#times)))
    this.openUntil = now + Math.max(Math.min(this.#length, rules.open), shorter)
    this.#blamed = order
    this.#openedAfter = latest
    this.#window.clear()
  }

  #nextLength(now: number, { open, maxOpen }: BreakerSettings): number {
    if (this.opened > 0) return 2 * this.#length
    if (this.#length > 0) return Math.max(open, 2 * this.#length)
    const learned = this.recovery / 2
    if (learned > open) return learned
    const wasWell = now - this.closedAt >= maxOpen
    return learned < open && wasWell ? Math.max(learned, SHORTEST * open) : open
  }

  #close(now: number, latest: number, rules: BreakerSettings): void {
    this.failures = 0
    this.failingSince = NEVER
    this.opened = 0
    this.openUntil = 0
    this.closedAt = now
    this.#closedAfter = latest
    // The probe counts.
    this.#tried = 1
    this.#missed = 0
    this.#settle(now, rules)
  }

  /**
   * Learns from an outage when its recovery is complete. It ended at some time between its last
   * failure and the first success, which may be long after where nobody asked: half of the last
   * opening is what errs least.
   */
  #settle(now: number, { recovery }: BreakerSettings): void {
    if (this.#outageSince === NEVER || now - this.closedAt < recovery) return
    const unknown = Math.min(this.#length, this.closedAt - this.openedAt) / 2
    const outage = this.openedAt - this.#outageSince + unknown
    this.recovery = Number.isNaN(this.recovery)
      ? outage
      : this.recovery + NEWEST * (outage - this.recovery)
    this.#length = 0
    this.#outageSince = NEVER
  }

  /** All of it as plain data, for a copy in another process, which loads it. */
  save() {
    const { failures, openedAt, openUntil, opened, closedAt, probingSince, recovery } = this
    return {
      shown: { failures, openedAt, openUntil, opened, closedAt, probingSince, recovery },
      failingSince: this.failingSince,
      window: this.#window.save(),
      probe: this.#probe?.order,
      blamed: this.#blamed,
      openedAfter: this.#openedAfter,
      closedAfter: this.#closedAfter,
      times: this.#times,
      length: this.#length,
      outageSince: this.#outageSince,
      tried: this.#tried,
      missed: this.#missed,
    }
  }

  /** @param attemptOf an attempt under way by its order */
  load(
    saved: ReturnType<Breaker["save"]>,
    attemptOf: (order: number) => BreakerTrial | undefined,
  ): void {
    Object.assign(this, saved.shown)
    this.failingSince = saved.failingSince
    this.#window.load(saved.window)
    this.#probe = saved.probe === undefined ? undefined : attemptOf(saved.probe)
    this.#blamed = saved.blamed
    this.#openedAfter = saved.openedAfter
    this.#closedAfter = saved.closedAfter
    this.#times = saved.times
    this.#length = saved.length
    this.#outageSince = saved.outageSince
    this.#tried = saved.tried
    this.#missed = saved.missed
  }
}
