import type { GatewayError } from "../../core/error.ts"
import type { StreamPhase, StreamRelay } from "../../core/protocol.ts"
import type { Usage } from "../../core/usage.ts"
import {
  countAlike,
  type EventShape,
  freeMembers,
  learnShape,
} from "../../transport/event-shape.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import { SseCutter, type SseEvent, splitEvents } from "../../transport/sse.ts"
import { attempt, type EventFields, readEvent } from "./event-fields.ts"
import { createEventWriter } from "./event-writer.ts"
import { writeFailure } from "./failure.ts"
import { createRepair } from "./repair.ts"
import { lastEvent, noEvent, tooLarge, truncated } from "./stream-end.ts"
import { errorWithin } from "./upstream-error.ts"
import { readUsage } from "./usage.ts"
import { isRecord, number, record, text } from "./wire.ts"

/** What a block of events must contain for one of them to be worth parsing after the first content. */
const MARKS = [
  "response.output_item.",
  "_part.added",
  "response.completed",
  "response.incomplete",
  "response.failed",
  "response.cancelled",
  '"error"',
  '"keepalive"',
].map((mark) => Buffer.from(mark))

/** Members in which most events of one stream differ. */
const FREE = freeMembers(["delta", "obfuscation"], ["sequence_number"])

/** What a block of mere keepalive comments does not contain. */
const DATA_FIELD = Buffer.from("data:")

const GOOD_ENDS = new Set(["response.completed", "response.incomplete"])
const BAD_ENDS = new Set(["error", "response.failed", "response.cancelled"])

/** Events that only say that something goes on. */
const PRELUDE = new Set([
  "response.created",
  "response.queued",
  "response.in_progress",
  "keepalive",
])

/**
 * Follows a stream that goes through byte for byte, but for what official SDKs stumble over. After the
 * first content only blocks that can hold something of interest are parsed.
 */
export function createStreamRelay(): StreamRelay {
  const cutter = new SseCutter()
  let shape: EventShape | undefined
  const repair = createRepair()
  let phase: StreamPhase = "prelude"
  let progress = 0
  let usage: Usage | undefined
  let error: GatewayError | undefined
  let answer: Uint8Array | undefined
  /** The first Response that was told, as JSON text. */
  let opening: string | undefined
  /** The last events that went through, for the number of the last one. */
  let last: Uint8Array | undefined
  let lastStart = 0
  let lastEnd = 0

  function keepLast(block: Buffer): void {
    last = block
    lastStart = 0
    lastEnd = block.length
  }

  function take(block: Buffer): Buffer | undefined {
    const alike = countAlike(shape, block)
    if (alike > 0) {
      progress += alike
      keepLast(block)
      return block
    }
    const plain = !MARKS.some((mark) => block.includes(mark)) && !repair.suspects(block)
    if (phase === "content" && plain) {
      if (block.includes(DATA_FIELD)) {
        progress++
        keepLast(block)
        shape = learnShape(block, FREE)
      }
      return block
    }
    shape = undefined
    const kept: Buffer[] = []
    let changed = false
    for (const event of splitEvents(block)) {
      // What follows the end is nobody's.
      if (phase === "complete") {
        changed = true
        break
      }
      const said = hear(event)
      if (error) {
        phase = "failed"
        changed = true
        break
      }
      changed ||= said !== undefined
      kept.push(said ?? event.bytes)
    }
    if (kept.length === 0) return undefined
    const passed = changed ? Buffer.concat(kept) : block
    if (passed.includes(DATA_FIELD)) keepLast(passed)
    return passed
  }

  /** @returns the event in other words, where its own are not right */
  function hear({ data }: SseEvent): Buffer | undefined {
    if (data === undefined || data === "" || data === "[DONE]") return undefined
    const event = readEvent(data)
    if (!event) {
      error = noEvent(data)
      return undefined
    }
    const type = text(event.value("type")) ?? (event.value("error") ? "error" : "")
    const mended = repair.mend(event)
    if (!mended) {
      follow(event, type)
      return undefined
    }
    const written = mended.map((fields) => JSON.stringify(fields))
    follow(readEvent(written.at(-1)!)!, type)
    return Buffer.from(
      mended.map(({ type: name }, at) => `event: ${name}\ndata: ${written[at]}\n\n`).join(""),
    )
  }

  function follow(event: EventFields, type: string): void {
    if (BAD_ENDS.has(type)) {
      error = errorWithin(failureIn(event))
      return
    }
    if (PRELUDE.has(type)) {
      opening ??= event.text("response")
      return
    }
    progress++
    const response = GOOD_ENDS.has(type) ? event.field("response") : undefined
    if (response) {
      answer = event.bytes.subarray(response.start, response.end)
      usage = readUsage(event.within("response", "usage"))
      phase = "complete"
    } else if (phase === "prelude" && hasContent(event, type)) phase = "content"
  }

  return {
    push(chunk) {
      if (phase === "complete" || phase === "failed") return undefined
      try {
        const block = cutter.push(chunk)
        return block && take(block)
      } catch (cause) {
        phase = "failed"
        error = tooLarge(cause)
        return undefined
      }
    },
    pass(bytes, start, end, writer) {
      if (phase !== "content" || !cutter.isEmpty) return false
      const alike = countAlike(shape, asBuffer(bytes), start, end)
      if (alike === 0) return false
      progress += alike
      last = bytes
      lastStart = start
      lastEnd = end
      writer.write(bytes, start, end)
      return true
    },
    end() {
      if (phase === "complete" || phase === "failed") return undefined
      const rest = lastEvent(cutter.end())
      const tail = rest && take(rest)
      if (error) return tail
      if ((phase as StreamPhase) === "complete") {
        return tail && Buffer.concat([tail, Buffer.from("\n\n")])
      }
      error = truncated(phase === "content")
      phase = "failed"
      // Half an event would swallow the error behind it.
      return undefined
    },
    fail(failed, requestId) {
      const known = record(attempt(() => JSON.parse(opening ?? "{}")))
      const events = createEventWriter(
        nextNumber(last && asBuffer(last.subarray(lastStart, lastEnd))),
      )
      const id = text(known["id"]) ?? `resp_${requestId.replace(/^req_/, "")}`
      writeFailure(events, failed, (failure) => {
        const response = { ...known, id, object: "response", status: "failed", error: failure }
        const fields = JSON.stringify({ ...response, output: undefined }).slice(0, -1)
        return `${fields},"output":[${repair.done.join(",")}]}`
      })
      return events.take()!
    },
    get phase() {
      return phase
    },
    get progress() {
      return progress
    },
    get usage() {
      return usage
    },
    get error() {
      return error
    },
    get answer() {
      return answer
    },
  }
}

/** Whether an event says anything: an item that has only begun to be thought about or written does not. */
function hasContent(event: EventFields, type: string): boolean {
  if (type === "response.content_part.added" || type === "response.reasoning_summary_part.added") {
    return false
  }
  if (type.endsWith(".delta")) return event.value("delta") !== ""
  if (type !== "response.output_item.added") return true
  const item = event.within("item", "type")
  return item !== "message" && item !== "reasoning"
}

/** The error that an event tells, wherever in it. */
function failureIn(event: EventFields): unknown {
  const error = event.value("error")
  if (isRecord(error) || typeof error === "string") return error
  const within = event.within("response", "error")
  if (isRecord(within)) return within
  const whole = attempt(() => JSON.parse(event.bytes.toString("utf8")))
  return event.field("response") ? { message: "The answer failed." } : whole
}

/** The number behind that of the last event that has one. */
function nextNumber(block: Buffer | undefined): number {
  const events = block ? splitEvents(block) : []
  for (const { data } of events.reverse()) {
    const value = data === undefined ? undefined : readEvent(data)?.value("sequence_number")
    const sequence = number(value)
    if (sequence !== undefined) return sequence + 1
  }
  return 0
}
