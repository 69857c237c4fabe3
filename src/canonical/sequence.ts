import type { CanonicalEvent } from "../core/canonical.ts"

type PartEvent = Extract<CanonicalEvent, { part: number }>
type OpenEvent = Extract<CanonicalEvent, { type: "open" }>

/** Puts the parts of a stream one behind the other, for protocols in which only one can be open. */
export interface Sequencer {
  /** @returns events in which parts are numbered from 0 in the order in which they come */
  push(event: CanonicalEvent): readonly CanonicalEvent[]
  /** The number that a part has in what comes out, where it is its turn. */
  current(part: number): number | undefined
}

interface Lane {
  /** Its number in what comes out. */
  number: number
  /** What waits until the parts before it are done. */
  held: PartEvent[]
  closed: boolean
}

export interface SequencerOptions {
  /** Whether state of calls and texts goes into reasoning parts of its own, for protocols that know it nowhere else. */
  spread?: boolean
}

export function createSequencer({ spread = false }: SequencerOptions = {}): Sequencer {
  const lanes = new Map<number, Lane>()
  /** Lanes that are not done; the first one is streamed. */
  const open: Lane[] = []
  let next = 0

  /** What a lane may say now; else it is kept. */
  function say(lane: Lane, event: PartEvent): PartEvent[] {
    const own = { ...event, part: lane.number }
    if (open[0] === lane) return [own]
    lane.held.push(own)
    return []
  }

  function advance(): PartEvent[] {
    const said: PartEvent[] = []
    while (open[0]?.closed) {
      open.shift()
      const following = open[0]
      if (following) said.push(...renumbered(following))
    }
    return said
  }

  /** A lane gets its number when its turn comes: another one may have been put before it. */
  function renumbered(lane: Lane): PartEvent[] {
    lane.number = next++
    const held = lane.held.map((event) => ({ ...event, part: lane.number }))
    lane.held = []
    return held
  }

  function begin(event: OpenEvent): PartEvent[] {
    const lane: Lane = { number: -1, held: [], closed: false }
    lanes.set(event.part, lane)
    open.push(lane)
    if (open[0] === lane) lane.number = next++
    return say(lane, event)
  }

  function close(lane: Lane, part: number): PartEvent[] {
    if (lane.closed) return []
    const said = say(lane, { type: "close", part })
    lane.closed = true
    return [...said, ...advance()]
  }

  /** A part of its own that carries state, opened and closed at once. */
  function carry(states: readonly PartEvent[], choice: number): PartEvent[] {
    const part = -1 - lanes.size
    const said = begin({ type: "open", part, choice, start: { kind: "reasoning" } })
    const lane = lanes.get(part)!
    for (const state of states) said.push(...say(lane, state))
    return [...said, ...close(lane, part)]
  }

  const trailing = new Map<number, PartEvent[]>()
  const texts = new Map<number, number>()

  function openPart(event: OpenEvent): PartEvent[] {
    const { start, choice, part } = event
    if (!spread) return begin(event)
    if (start.kind === "text") texts.set(part, choice)
    if (start.kind !== "tool-call" || !start.state?.length) return begin(event)
    const { state: states, ...bare } = start
    const said = carry(
      states.map((state): PartEvent => ({ type: "state", part, state, attach: "call" })),
      choice,
    )
    return [...said, ...begin({ ...event, start: bare })]
  }

  function push(event: CanonicalEvent): CanonicalEvent[] {
    switch (event.type) {
      case "open":
        return openPart(event)
      case "delta":
      case "annotation":
      case "logprobs":
      case "state": {
        const lane = lanes.get(event.part)
        if (!lane || lane.closed) return []
        if (event.type === "state" && texts.has(event.part)) {
          const states = trailing.get(event.part) ?? []
          trailing.set(event.part, [...states, { ...event, attach: "text" }])
          return []
        }
        return say(lane, event)
      }
      case "close": {
        const lane = lanes.get(event.part)
        if (!lane) return []
        const states = trailing.get(event.part)
        trailing.delete(event.part)
        const said = close(lane, event.part)
        return states ? [...said, ...carry(states, texts.get(event.part)!)] : said
      }
      case "finish":
      case "end": {
        const said: CanonicalEvent[] = []
        for (const [part, lane] of [...lanes]) {
          if (!lane.closed) said.push(...push({ type: "close", part }))
        }
        return [...said, event]
      }
      default:
        return [event]
    }
  }

  function current(part: number): number | undefined {
    const lane = lanes.get(part)
    return lane && lane === open[0] ? lane.number : undefined
  }

  return { push, current }
}
