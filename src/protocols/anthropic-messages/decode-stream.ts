import type { CanonicalEvent } from "../../core/canonical.ts"
import type { Decoding, StreamDecoder } from "../../core/protocol.ts"
import { parseJson } from "../../transport/json.ts"
import { SseCutter, splitEvents } from "../../transport/sse.ts"
import { tierOf } from "./decode-answer.ts"
import { createBlockDecoder, type StreamedBlock } from "./decode-streamed-block.ts"
import { readStop } from "./stop.ts"
import {
  BEFORE_CONTENT,
  BEGAN_ANEW,
  IN_ANSWER,
  malformed,
  tooLarge,
  truncated,
} from "./stream-error.ts"
import { errorWithin } from "./upstream-error.ts"
import { createUsageMeter } from "./usage.ts"
import { type Fields, isRecord, isWhole, textOf } from "./wire.ts"

/** A call may come whole with its beginning; the digits of its input are kept. */
const START = '"content_block_start"'
const RAW_NAMES: ReadonlySet<string> = new Set(["input"])

/** Turns a stream of Messages events into canonical ones. */
export function createDecoder(decoding: Decoding): StreamDecoder {
  const cutter = new SseCutter()
  const meter = createUsageMeter()
  const blocks = createBlockDecoder(decoding)
  /** By the wire's index. */
  const open = new Map<unknown, StreamedBlock>()
  let events: CanonicalEvent[] = []
  let started = false
  let stop: Fields | undefined
  let ended = false
  let failure: unknown

  function take(data: string | undefined): void {
    if (ended || data === undefined || data === "" || data === "[DONE]") return
    let event: unknown
    try {
      event = data.includes(START) ? parseJson(data, RAW_NAMES) : JSON.parse(data)
    } catch {
      throw malformed(data)
    }
    if (!isRecord(event)) throw malformed(data)
    if (event["error"]) throw errorWithin(event["error"])
    follow(event)
  }

  function follow(event: Fields): void {
    const { type, index } = event
    switch (type) {
      case "message_start":
        begin(isRecord(event["message"]) ? event["message"] : {})
        return
      case "content_block_start": {
        const content = event["content_block"]
        if (!isRecord(content)) return
        closeBlock(index)
        open.set(index, blocks.begin(content))
        events.push(...blocks.said())
        return
      }
      case "content_block_delta":
        if (isRecord(event["delta"])) open.get(index)?.take(event["delta"])
        events.push(...blocks.said())
        return
      case "content_block_stop":
        closeBlock(index)
        return
      case "message_delta":
        meter.take(event["usage"])
        if (isRecord(event["delta"])) stop = { ...stop, ...event["delta"] }
        return
      case "message_stop":
        finish()
    }
  }

  function begin(message: Fields): void {
    meter.take(message["usage"])
    if (started) {
      restart()
      return
    }
    started = true
    const tier = tierOf(message["usage"])
    events.push({
      type: "start",
      id: textOf(message["id"]) ?? "",
      model: textOf(message["model"]) ?? "",
      ...(tier !== undefined && { serviceTier: tier }),
    })
    if (meter.canonical) events.push({ type: "usage", usage: meter.canonical })
  }

  /**
   * Some proxies retry behind our back: the same message begins twice, or a second one in the middle
   * of the first. What nobody has seen yet is forgotten; two answers are never made into one.
   */
  function restart(): void {
    for (const block of open.values()) block.abandon()
    open.clear()
    events.push(...blocks.said())
    if (blocks.answered) throw truncated(BEGAN_ANEW)
  }

  function closeBlock(index: unknown): void {
    open.get(index)?.close()
    open.delete(index)
    events.push(...blocks.said())
  }

  function finish(): void {
    for (const index of [...open.keys()]) closeBlock(index)
    if (meter.canonical) events.push({ type: "usage", usage: meter.canonical })
    events.push({ type: "finish", choice: 0, finish: readStop(stop ?? {}, blocks.called) })
    events.push({ type: "end" })
    ended = true
  }

  /** What came before a failure is told first, wherever the bytes were cut; the failure comes after. */
  function reading(read: () => void): CanonicalEvent[] {
    try {
      if (failure === undefined) read()
    } catch (thrown) {
      failure = thrown
    }
    const said = events
    events = []
    if (failure !== undefined && said.length === 0) throw failure
    return said
  }

  return {
    push: (chunk) =>
      reading(() => {
        const block = cut(() => cutter.push(chunk))
        if (block) for (const { data } of splitEvents(block)) take(data)
      }),
    end() {
      const rest = ended || failure !== undefined ? undefined : cutter.end()
      // The last event may lack its blank line, or its second half.
      const whole = rest ? splitEvents(rest).filter(({ data }) => isWhole(data)) : []
      for (const { data } of whole) take(data)
      if (failure !== undefined) throw failure
      if (!ended) throw truncated(started && blocks.begun ? IN_ANSWER : BEFORE_CONTENT)
      return reading(() => {})
    },
    get failure() {
      return failure
    },
    get stopped() {
      return typeof stop?.["stop_reason"] === "string"
    },
  }
}

function cut<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw tooLarge(cause)
  }
}
