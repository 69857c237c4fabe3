import type { Channel } from "../core/routing.ts"
import type { ToldLimits } from "../core/traffic.ts"
import type { Health, Trial } from "../routing/health.ts"
import type { SavedHealth } from "../routing/health-copy.ts"
import type { Commons } from "./commons.ts"
import { EVENT, FLAG, numberOr, present } from "./event.ts"
import { readFailure, writeFailure } from "./failure-record.ts"
import { createKnownChannels } from "./known-channels.ts"
import type { RecordView } from "./log.ts"
import { flagsOf, readMeasured, readTokens, writeMeasured, writeTokens } from "./measured-record.ts"

type Ends = "succeed" | "fail" | "release"

/**
 * This worker's copy of what all have learned of their upstreams: what it does others are told, and what they do
 * is done here, in the one order and at the one time that all of them see.
 *
 * @param health this worker's own, by the commons' clock
 * @param ended told when an attempt of another worker has ended: there may be room for another one
 * @param begun told when an attempt of this one has begun on a channel
 */
export function shareHealth(
  health: Health,
  commons: Commons,
  ended: () => void,
  begun: (channel: Channel) => void,
): Health {
  const { owner } = commons
  const channels = createKnownChannels(commons, health)
  /** Attempts under way, by who makes them and in which order they began. */
  const open = new Map<number, Map<number, Trial>>()
  let toTell = false

  function openOf(who: number): Map<number, Trial> {
    let trials = open.get(who)
    if (!trials) {
      trials = new Map()
      open.set(who, trials)
    }
    return trials
  }
  const mine = openOf(owner)

  /** Does what others are to be told of, alone and at one time. */
  function together(run: () => void): void {
    commons.enter()
    try {
      run()
      commons.commit()
    } finally {
      commons.leave()
    }
  }

  /** Ends an attempt of this worker, once. */
  function close(trial: Trial, run: () => void): void {
    if (!mine.has(trial.order | 0)) return
    together(() => {
      mine.delete(trial.order | 0)
      run()
    })
  }

  function tellEnded(): void {
    if (toTell) return
    toTell = true
    // Whoever is let go by it makes events of its own, which must not be in the midst of this one.
    queueMicrotask(() => {
      toTell = false
      ended()
    })
  }

  /** A place for what happens to an attempt. */
  function writeOf(event: keyof typeof EVENT, { order }: Trial, flags = 0): RecordView {
    const record = commons.write(EVENT[event] | flags)
    record.setInt(1, order)
    record.setInt(2, owner)
    record.setNumber(0, commons.clock.now())
    return record
  }

  /** The attempt that a record is of; undefined when it has ended. */
  function trialOf(record: RecordView): Trial | undefined {
    return open.get(record.int(2))?.get(record.int(1))
  }

  function onEnd(kind: Ends, end: (trial: Trial, record: RecordView) => void): void {
    commons.on(EVENT[kind], (record) => {
      const trial = trialOf(record)
      if (!trial) return
      open.get(record.int(2))!.delete(record.int(1))
      end(trial, record)
      tellEnded()
    })
  }

  commons.on(EVENT.begin, (record) => {
    const stream = (record.int(0) & FLAG.first) !== 0
    const channel = channels.channel(record.int(2))
    const trial = health.begin(channel, record.number(1), stream, record.number(2))
    openOf(record.int(1)).set(trial.order | 0, trial)
  })
  commons.on(EVENT.answered, (record) => {
    const trial = trialOf(record)
    if (trial) health.answered(trial)
  })
  onEnd("succeed", (trial, record) => health.succeed(trial, readMeasured(record)))
  onEnd("fail", (trial, record) => health.fail(trial, readFailure(record), readTokens(record)))
  onEnd("release", (trial, record) => health.release(trial, readTokens(record)))
  commons.on(EVENT.tell, (record) => health.tell(channels.channel(record.int(2)), readTold(record)))
  commons.on(EVENT.probed, (record) =>
    health.probed(channels.channel(record.int(2)), (record.int(0) & FLAG.first) !== 0),
  )
  commons.on(EVENT.gone, (record) => {
    const trials = open.get(record.int(1))
    if (!trials) return
    open.delete(record.int(1))
    for (const trial of trials.values()) health.release(trial)
    tellEnded()
  })

  commons.part("health", {
    save() {
      const trials = [...open.values()].flatMap((each) => [...each.values()])
      const owners = [...open].flatMap(([who, each]) => Array.from(each.keys(), () => who))
      return { health: health.save(trials), owners }
    },
    load(saved) {
      const known = saved as { health: SavedHealth; owners: number[] }
      const before = new Map(mine)
      const trials = health.load(known.health, (order) => before.get(order | 0), channels.bare)
      for (const each of open.values()) each.clear()
      for (const [index, trial] of trials.entries()) {
        openOf(known.owners[index]!).set(trial.order | 0, trial)
      }
    },
  })

  return {
    ...health,
    standing(channel) {
      commons.catchUp()
      return health.standing(channel)
    },
    forget(old) {
      health.forget(old)
      channels.forget()
    },
    keep(groups) {
      health.keep(groups)
      channels.forget()
    },
    begin(channel, tokens = 0, stream = false, input = Number.NaN) {
      commons.enter()
      try {
        const name = channels.nameOf(channel)
        const trial = health.begin(channel, tokens, stream, input)
        mine.set(trial.order | 0, trial)
        const record = commons.write(EVENT.begin | (stream ? FLAG.first : 0))
        record.setInt(1, owner)
        record.setInt(2, name)
        record.setNumber(0, commons.clock.now())
        record.setNumber(1, tokens)
        record.setNumber(2, input)
        commons.commit()
        return trial
      } finally {
        commons.leave()
        begun(channel)
      }
    },
    answered(trial) {
      if (!mine.has(trial.order | 0)) return
      together(() => {
        health.answered(trial)
        writeOf("answered", trial)
      })
    },
    succeed(trial, measured) {
      close(trial, () => {
        health.succeed(trial, measured)
        writeMeasured(writeOf("succeed", trial, flagsOf(measured)), measured)
      })
    },
    fail(trial, error, measured) {
      close(trial, () => {
        health.fail(trial, error, measured)
        const record = writeOf("fail", trial, flagsOf(measured))
        writeFailure(record, error)
        writeTokens(record, measured)
      })
    },
    release(trial, measured) {
      close(trial, () => {
        health.release(trial, measured)
        writeTokens(writeOf("release", trial, flagsOf(measured)), measured)
      })
    },
    tell(channel, limits) {
      together(() => {
        const name = channels.nameOf(channel)
        health.tell(channel, limits)
        const record = commons.write(EVENT.tell)
        record.setInt(2, name)
        writeTold(record, limits)
      })
    },
    probed(channel, accepted) {
      together(() => {
        const name = channels.nameOf(channel)
        health.probed(channel, accepted)
        const record = commons.write(EVENT.probed | (accepted ? FLAG.first : 0))
        record.setInt(2, name)
        record.setNumber(0, commons.clock.now())
      })
    },
  }
}

function writeTold(record: RecordView, { requests, tokens }: ToldLimits): void {
  for (const [index, told] of [requests, tokens].entries()) {
    record.setNumber(3 * index, numberOr(told?.limit))
    record.setNumber(3 * index + 1, numberOr(told?.remaining))
    record.setNumber(3 * index + 2, numberOr(told?.resetAt))
  }
}

function readTold(record: RecordView): ToldLimits {
  const [requests, tokens] = [0, 3].map((from) => {
    const resetAt = present(record.number(from + 2))
    if (resetAt === undefined) return undefined
    return { limit: record.number(from), remaining: record.number(from + 1), resetAt }
  })
  return { requests, tokens }
}
