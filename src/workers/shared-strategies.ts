import type { Channel, Strategy, StrategyContext } from "../core/routing.ts"
import type { Health } from "../routing/health.ts"
import type { Commons } from "./commons.ts"
import { EVENT } from "./event.ts"

/** Characters of a session that a record holds; sessions are hashed, and shorter. */
const LONGEST = 32

/** Strategies whose memory of who answered which conversation all workers share. */
export interface SharedStrategies {
  /** The same strategy, of which others are told. */
  share(strategy: Strategy): Strategy
  /** The same health, of which it is known which memory is of which group. */
  watch(health: Health): Health
}

/**
 * A conversation is answered by one worker and goes on in another: where it is has to be known to all. What else
 * strategies remember (turns, what was tried out) stays with each worker, where it works as well.
 *
 * @param find a strategy by its name
 */
export function createSharedStrategies(
  commons: Commons,
  own: Health,
  find: (name: string) => Strategy | undefined,
): SharedStrategies {
  /** What a memory is of: a group's name and a strategy's. */
  const places = new WeakMap<object, string>()
  const shared = new Map<Strategy, Strategy>()

  function answered(strategy: Strategy, channel: Channel, context: StrategyContext): void {
    const { request, memory, now } = context
    const { session } = request
    const place = typeof memory === "object" && memory ? places.get(memory) : undefined
    if (session === undefined || session.length > LONGEST || place === undefined) {
      strategy.answered!(channel, context)
      return
    }
    commons.enter()
    try {
      strategy.answered!(channel, context)
      const what = commons.nameOf(place)
      const where = commons.nameOf(channel.id)
      const record = commons.write(EVENT.bound)
      record.setInt(1, session.length)
      record.setInt(2, what)
      record.setInt(3, where)
      record.setNumber(0, now)
      record.setNumber(1, request.inputTokens)
      record.setBytes(2, Buffer.from(session, "latin1"))
      commons.commit()
    } finally {
      commons.leave()
    }
  }

  commons.on(EVENT.bound, (record) => {
    const [group = "", name = ""] = commons.names.text(record.int(2)).split("\n")
    const strategy = find(name)
    if (!strategy) return
    const session = Buffer.from(record.bytes(2, record.int(1))).toString("latin1")
    // Of a request and a channel, those who are told who has answered ask for no more.
    const request = { session, inputTokens: record.number(1) }
    const context = { request, memory: own.memory(group, strategy), now: record.number(0) }
    const channel: Pick<Channel, "id"> = { id: commons.names.text(record.int(3)) }
    strategy.answered?.(channel as Channel, context as StrategyContext)
  })

  return {
    share(strategy) {
      if (!strategy.answered) return strategy
      let same = shared.get(strategy)
      if (!same) {
        same = {
          ...strategy,
          answered: (channel, context) => answered(strategy, channel, context),
        }
        shared.set(strategy, same)
      }
      return same
    },
    watch: (health) => ({
      ...health,
      memory<Memory>(group: string, strategy: Strategy<Memory>): Memory {
        const memory = health.memory(group, strategy)
        if (typeof memory === "object" && memory && !places.has(memory)) {
          places.set(memory, `${group}\n${strategy.name}`)
        }
        return memory
      },
    }),
  }
}
