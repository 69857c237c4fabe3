import { type GatewayError, toGatewayError } from "../../core/error.ts"
import type { StreamPhase, StreamRelay } from "../../core/protocol.ts"
import {
  countAlike,
  type EventShape,
  freeMembers,
  learnShape,
} from "../../transport/event-shape.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import { type SseEvent, SseCutter, splitEvents } from "../../transport/sse.ts"
import type { Repair } from "./repair.ts"
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
import { type Fields, isRecord, isWhole } from "./wire.ts"

/** What a block of events must contain for one of them to be worth parsing after the first content. */
const MARKS = ["message_start", "message_delta", "message_stop", '"usage"', '"error"'].map((mark) =>
  Buffer.from(mark),
)

/** Members in which most events of one stream differ. */
const FREE = freeMembers(["text", "thinking", "partial_json"])

/** What every event that carries content says of itself, and a ping does not. */
const CONTENT_MARK = Buffer.from("content_block_")

/**
 * Follows a stream of Messages events. No byte of it is changed, but for a beginning that comes twice.
 *
 * @param repair what mends the streams of servers that are known to need it
 */
export function createStreamRelay(repair?: Repair): StreamRelay {
  const cutter = new SseCutter()
  let shape: EventShape | undefined
  const meter = createUsageMeter()
  let phase: StreamPhase = "prelude"
  let progress = 0
  let started = false
  let stopped = false
  /** The message has begun for the second time. */
  let twice = false
  let error: GatewayError | undefined

  function take(block: Buffer): Buffer | undefined {
    const alike = countAlike(shape, block)
    if (alike > 0) {
      progress += alike
      return block
    }
    if (!repair && phase === "content" && !MARKS.some((mark) => block.includes(mark))) {
      if (block.includes(CONTENT_MARK)) {
        progress++
        shape = learnShape(block, FREE)
      }
      return block
    }
    const kept: Buffer[] = []
    for (const event of splitEvents(block)) {
      const said = follow(event)
      if (error) {
        phase = "failed"
        break
      }
      kept.push(...said)
      if (phase === "complete") break
    }
    return kept.length > 0 ? Buffer.concat(kept) : undefined
  }

  /** @returns what of the event goes on */
  function follow({ data, bytes }: SseEvent): readonly Buffer[] {
    if (data === undefined || data === "" || data === "[DONE]") return [bytes]
    let value: unknown
    try {
      value = JSON.parse(data)
    } catch {
      error = malformed(data)
      return []
    }
    if (!isRecord(value)) error = malformed(data)
    else if (value["error"]) error = errorWithin(value["error"])
    else return followTyped(value, bytes)
    return []
  }

  function followTyped(event: Fields, bytes: Buffer): readonly Buffer[] {
    read(event)
    try {
      if (repair) return repair.take(event, bytes)
    } catch (thrown) {
      error = toGatewayError(thrown)
    }
    if (event["type"] !== "message_start" || !twice) return [bytes]
    if (phase !== "prelude") error = truncated(BEGAN_ANEW)
    return []
  }

  function read(event: Fields): void {
    const { type } = event
    const message = event["message"]
    if (type === "message_start") {
      twice = started
      started = true
      if (isRecord(message)) meter.take(message["usage"])
    }
    if (type === "message_delta") {
      meter.take(event["usage"])
      const { delta } = event
      stopped ||= isRecord(delta) && typeof delta["stop_reason"] === "string"
    }
    if (carriesContent(event)) {
      progress++
      if (phase === "prelude") phase = "content"
    }
    if (type !== "message_stop") return
    if (phase === "content") phase = "complete"
    else error = truncated(BEFORE_CONTENT)
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
      progress += alike
      if (alike > 0) writer.write(bytes, start, end)
      return alike > 0
    },
    end() {
      if (phase === "complete" || phase === "failed") return undefined
      const rest = cutter.end()
      // The last event may lack its blank line; one that is cut off is worth nothing.
      const whole = rest && splitEvents(rest).every(({ data }) => isWhole(data))
      const tail = whole ? take(rest) : undefined
      if (error) return tail
      if ((phase as StreamPhase) === "complete") {
        return tail && Buffer.concat([tail, Buffer.from("\n\n")])
      }
      error = truncated(phase === "prelude" ? BEFORE_CONTENT : IN_ANSWER)
      phase = "failed"
      // The beginning of an event would spoil the error that follows.
      return undefined
    },
    get phase() {
      return phase
    },
    get progress() {
      return progress
    },
    get usage() {
      return meter.usage
    },
    get error() {
      return error
    },
    get stopped() {
      return stopped
    },
  }
}

/** Whether an event says anything of the answer: a message and an empty text begin without saying anything. */
function carriesContent({ type, content_block: block }: Fields): boolean {
  if (type === "content_block_delta" || type === "message_delta") return true
  if (type !== "content_block_start" || !isRecord(block)) return false
  return (block["type"] !== "text" && block["type"] !== "thinking") || Boolean(block["text"])
}
