import { expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { BreakerSettings } from "../../src/core/settings.ts"
import { shortening } from "../../src/routing/breaker.ts"
import { createHealth, type Trial } from "../../src/routing/health.ts"
import { deployment, RULES, testClock } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** One attempt, as the model keeps all of them for good. */
interface Attempt {
  begun: number
  beganAt: number
  probe: boolean
  /** Place among all ends, and when; undefined while it is under way. */
  ended?: { place: number; at: number; how: "ok" | "bad" | "nothing" }
}

/** The breaker by its definition: everything that ever happened is kept and looked through each time. */
class Model {
  readonly attempts: Attempt[] = []
  #ends = 0
  opened = 0
  openedAt = 0
  until = 0
  closedAt = Number.NEGATIVE_INFINITY
  /** What had begun and ended when it opened and closed last, and whose failure it was. */
  #openedAfter = { begun: 0, ends: 0, blamed: 0 }
  #closedAfter = { begun: 0, ends: 0 }
  /** Length of the last opening, until the recovery from it is complete. */
  #length = 0
  #outageSince: number | undefined
  #failingSince = 0
  readonly #outages: number[] = []
  readonly #id: string
  readonly #rules: BreakerSettings
  #openings = 0

  constructor(id: string, rules: BreakerSettings) {
    this.#id = id
    this.#rules = rules
  }

  state(now: number): "ready" | "busy" | "open" {
    if (this.opened === 0) return "ready"
    if (this.until > now) return "open"
    const last = this.attempts.findLast(({ probe }) => probe)
    return last && !last.ended && now - last.beganAt < 5000 ? "busy" : "ready"
  }

  share(now: number): number {
    if (this.opened > 0 || this.#length === 0) return 1
    return Math.min(1, 0.1 + (0.9 * (now - this.closedAt)) / this.#rules.recovery)
  }

  begin(now: number): Attempt {
    const probe = this.opened > 0 && this.state(now) === "ready"
    const attempt = { begun: this.attempts.length + 1, beganAt: now, probe }
    this.attempts.push(attempt)
    return attempt
  }

  end(attempt: Attempt, at: number, how: "ok" | "bad" | "nothing"): void {
    attempt.ended = { place: ++this.#ends, at, how }
    if (how === "nothing") return
    const { begun, probe } = attempt
    const fresh = begun > this.#openedAfter.begun
    if (this.opened > 0) {
      if (how === "ok" && (fresh || (probe && begun > this.#openedAfter.blamed))) this.#close(at)
      if (how === "bad" && fresh && probe) this.#open(attempt, at, 2 * this.#length)
      return
    }
    if (!fresh) {
      // It says nothing, whatever it says.
      attempt.ended.how = "nothing"
      return
    }
    if (this.#length > 0 && at - this.closedAt >= this.#rules.recovery) this.#recovered()
    if (how === "bad" && this.#isTooMuch(at)) {
      const again = Math.max(this.#rules.open, 2 * this.#length)
      this.#open(attempt, at, this.#length > 0 ? again : this.#first(at))
    }
  }

  /** How long the first opening of an outage lasts. */
  #first(now: number): number {
    const { open, maxOpen } = this.#rules
    if (this.#outages.length === 0) return open
    const half = this.recovery / 2
    if (half < open && now - this.closedAt < maxOpen) return open
    return Math.max(half, open / 10)
  }

  get recovery(): number {
    return this.#outages.reduce((mean, outage) => 0.7 * mean + 0.3 * outage)
  }

  #recovered(): void {
    const unknown = Math.min(this.#length, this.closedAt - this.openedAt) / 2
    this.#outages.push(this.openedAt - this.#outageSince! + unknown)
    this.#length = 0
    this.#outageSince = undefined
  }

  #isTooMuch(now: number): boolean {
    const { failures, rate, minimum, window } = this.#rules
    const ended = this.attempts
      .filter(({ ended }) => ended && ended.how !== "nothing")
      .sort((a, b) => a.ended!.place - b.ended!.place)
    const sinceClosed = ended.filter(({ ended }) => ended!.place > this.#closedAfter.ends)
    const lastGood = sinceClosed.findLastIndex(({ ended }) => ended!.how === "ok")
    this.#failingSince = sinceClosed[lastGood + 1]!.ended!.at
    if (failures > 0 && sinceClosed.length - 1 - lastGood >= failures) return true
    const slot = window / 10
    const recent = sinceClosed.filter(
      ({ ended }) => Math.floor(ended!.at / slot) > Math.floor(now / slot) - 11,
    )
    const bad = (some: Attempt[]) => some.filter(({ ended }) => ended!.how === "bad").length
    if (rate > 0 && recent.length >= minimum && bad(recent) / recent.length >= rate) return true
    if (this.#length === 0) return false
    const tries = sinceClosed.filter(({ begun }) => begun > this.#closedAfter.begun)
    return bad(tries) / (tries.length + 1) >= (rate || 0.5)
  }

  #open({ begun }: Attempt, now: number, length: number): void {
    this.#outageSince ??= this.#failingSince
    this.#length = Math.min(length, this.#rules.maxOpen)
    this.opened++
    this.openedAt = now
    this.#openings++
    const shorter = Math.round(this.#length * (1 - shortening(this.#id, this.#openings)))
    this.until =
      now + (this.#length <= this.#rules.open ? this.#length : Math.max(shorter, this.#rules.open))
    this.#openedAfter = { begun: this.attempts.length, ends: this.#ends, blamed: begun }
  }

  #close(now: number): void {
    this.opened = 0
    this.until = 0
    this.closedAt = now
    this.#closedAfter = { begun: this.attempts.length, ends: this.#ends }
    if (this.#rules.recovery === 0) this.#recovered()
  }
}

test("the breaker does what its definition says, in any order of events", () => {
  const reached = { open: 0, busy: 0, recovering: 0, reopened: 0, closed: 0, learned: 0 }
  for (let seed = 1; seed <= 300; seed++) {
    const random = seeded(seed)
    const pick = <T>(...of: T[]): T => of[Math.floor(random() * of.length)]!
    const open = pick(1000, 30_000)
    const breaker: BreakerSettings = {
      failures: pick(0, 1, 3, 5),
      rate: pick(0, 0.3, 0.5, 1),
      window: pick(1000, 30_000),
      minimum: pick(1, 5, 20),
      recovery: pick(0, 1000, 30_000),
      open,
      maxOpen: open * pick(1, 2, 10),
    }
    const badness = pick(0.05, 0.3, 0.5, 0.9)
    const clock = testClock()
    const cooldown = { ...RULES.cooldown, server: 0 }
    const health = createHealth(clock, () => ({ cooldown, breaker }))
    const [used, fresh] = deployment("p/m", { keys: 2, health }).channels
    const state = used!.deployment.health
    const model = new Model("p/m", breaker)
    const under: { trial: Trial; attempt: Attempt }[] = []
    for (let step = 0; step < 250; step++) {
      // Times are coarse on purpose: much happens at the same instant.
      if (random() < 0.4) clock.advance(pick(1, 10, 500, 3000, breaker.open / 2))
      const now = clock.now()
      const standing = health.standing(fresh!)
      expect(standing.state).toBe(model.state(now))
      if (standing.state === "ready") expect(standing.share).toBeCloseTo(model.share(now), 9)
      reached[standing.state === "ready" ? "recovering" : (standing.state as "open")] +=
        standing.state !== "ready" || standing.share < 1 ? 1 : 0
      const before = model.opened
      if (random() < 0.5) {
        // Also what is not ready is tried now and then, where nothing else is left.
        if (standing.state === "ready" || random() < 0.2) {
          under.push({ trial: health.begin(used!), attempt: model.begin(now) })
        }
      } else {
        const [ended] = under.splice(Math.floor(random() * under.length), 1)
        if (!ended) continue
        const draw = random()
        if (draw < 0.1) {
          health.release(ended.trial)
          model.end(ended.attempt, now, "nothing")
        } else if (draw < 0.1 + 0.9 * badness) {
          health.fail(ended.trial, new GatewayError("upstream-error", ""))
          model.end(ended.attempt, now, "bad")
        } else {
          health.succeed(ended.trial)
          model.end(ended.attempt, now, "ok")
        }
      }
      if (before > 0 && model.opened > before) reached.reopened++
      if (before > 0 && model.opened === 0) reached.closed++
      if (!Number.isNaN(state.recovery)) {
        reached.learned++
        expect(state.recovery).toBeCloseTo(model.recovery, 6)
      }
      expect([state.opened, state.openedAt]).toEqual([model.opened, model.openedAt])
      expect(state.openUntil).toBeCloseTo(model.until, 6)
    }
  }
  // A run that gets nowhere proves nothing.
  for (const times of Object.values(reached)) expect(times).toBeGreaterThan(100)
})
