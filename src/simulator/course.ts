import type { Outage, Phase } from "./scenario.ts"
import { msOf } from "./time.ts"

/** What is wrong with an upstream at a time. */
export interface Trouble {
  readonly error: Outage["error"]
  /** Share of the requests that it hits. */
  readonly share: number
}

/** What changes of an upstream over time. Everything comes again after the scenario's length. */
export interface Course {
  trouble(now: number, key: number): Trouble | undefined
  /** The first time from `now` on when it is in no trouble that hits everything. */
  wellFrom(now: number, key: number): number
  factor(now: number): number
  capacity(now: number): number
}

export interface CourseParts {
  length: number
  outages: readonly Outage[]
  slow: readonly Phase[]
  capacity: number
}

export function createCourse({ length, outages, slow, capacity }: CourseParts): Course {
  const troubles = outages.map(({ from, to, error, share = 1, key, every, lasts }) => ({
    from: msOf(from),
    to: msOf(to),
    every: every === undefined ? 0 : msOf(every),
    lasts: lasts === undefined ? 0 : msOf(lasts),
    key,
    trouble: { error, share },
  }))
  const phases = slow.map(({ from, to, factor, ends = factor, capacity }) => ({
    from: msOf(from),
    to: msOf(to),
    factor,
    ends,
    capacity,
  }))
  type Spell = (typeof troubles)[number]
  const within = (spell: Spell, time: number, key: number) =>
    time >= spell.from &&
    time < spell.to &&
    (spell.key === undefined || spell.key === key) &&
    (spell.every === 0 || (time - spell.from) % spell.every < spell.lasts)
  const endOf = ({ from, to, every, lasts }: Spell, time: number) =>
    every === 0 ? to : Math.min(to, time - ((time - from) % every) + lasts)
  const spellAt = (time: number, key: number, whole: boolean) =>
    troubles.find((spell) => within(spell, time, key) && (!whole || spell.trouble.share === 1))

  return {
    trouble: (now, key) =>
      troubles.length === 0 ? undefined : spellAt(now % length, key, false)?.trouble,
    wellFrom(now, key) {
      let time = now
      for (let tries = 0; tries < 100; tries++) {
        const spell = spellAt(time % length, key, true)
        if (!spell) return time
        const start = time - (time % length)
        time = start + Math.min(length, endOf(spell, time % length))
      }
      return Number.POSITIVE_INFINITY
    },
    factor(now) {
      if (phases.length === 0) return 1
      const time = now % length
      let factor = 1
      for (const phase of phases) {
        if (time < phase.from || time >= phase.to) continue
        const done = (time - phase.from) / (phase.to - phase.from)
        factor *= phase.factor + (phase.ends - phase.factor) * done
      }
      return factor
    },
    capacity(now) {
      if (phases.length === 0) return capacity
      const time = now % length
      const phase = phases.find(
        ({ from, to, capacity }) => capacity !== undefined && time >= from && time < to,
      )
      return phase?.capacity ?? capacity
    },
  }
}
