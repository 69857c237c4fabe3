import { GatewayError } from "../../core/error.ts"
import type { StreamPhase, StreamRelay } from "../../core/protocol.ts"
import type { Usage } from "../../core/usage.ts"
import { EventShape, freeMembers } from "../../transport/event-shape.ts"
import { type SseEvent, SseCutter, splitEvents } from "../../transport/sse.ts"
import type { Repair } from "./repair.ts"
import { errorWithin } from "./upstream-error.ts"
import { readUsage } from "./usage.ts"
import { isRecord } from "../../canonical/record.ts"

/** What a block of events must contain for one of them to be worth parsing after the first content. */
const MARKS = [
  '"usage":{',
  '"usage": {',
  '"error"',
  '"finish_reason":"',
  '"finish_reason": "',
  "[DONE]",
  '.done"',
  '.completed"',
].map((mark) => Buffer.from(mark))

/** Members in which most events of one stream differ. */
const FREE = freeMembers([
  "content",
  "reasoning_content",
  "reasoning",
  "arguments",
  "text",
  "obfuscation",
])

/** What a block of mere keepalive comments does not contain. */
const DATA_FIELD = Buffer.from("data:")

const DONE_EVENT = Buffer.from("data: [DONE]\n\n")

/**
 * Follows a stream of chat chunks, legacy completion chunks, or the typed events of images and
 * audio. Bytes go through as they came, but for the usage event that only we asked for.
 *
 * @param dropUsage whether that event is taken out
 * @param repair mends events that would break SDKs; without it they go through as they are
 */
export function createStreamRelay(dropUsage: boolean, repair?: Repair): StreamRelay {
  const cutter = new SseCutter()
  const shape = new EventShape(FREE)
  let phase: StreamPhase = "prelude"
  let progress = 0
  let usage: Usage | undefined
  let error: GatewayError | undefined
  /** The event that was followed last, where it is an object. */
  let parsed: Record<string, unknown> | undefined
  /** Choices that have begun and have not got a finish reason. */
  const unfinished = new Set<unknown>()
  /** Some choice, or a typed stream, has come to its end. */
  let finished = false

  /** Whether there is nothing in a block or an event that has to be parsed. */
  function isPlain(bytes: Buffer): boolean {
    if (phase !== "content" || !looksWhole(bytes)) return false
    return !MARKS.some((mark) => bytes.includes(mark)) && !repair?.suspects(bytes)
  }

  function take(block: Buffer): Buffer | undefined {
    const alike = shape.count(block)
    if (alike > 0) {
      progress += alike
      return block
    }
    if (isPlain(block)) {
      if (block.includes(DATA_FIELD)) progress++
      shape.learn(block)
      return block
    }
    const kept: Buffer[] = []
    let changed = false
    for (const event of splitEvents(block)) {
      if (isPlain(event.bytes)) {
        if (event.data !== undefined) progress++
        kept.push(event.bytes)
        continue
      }
      const wanted = follow(event)
      if (error) break
      const bytes = wanted && repair ? repair.mend(event, parsed) : event.bytes
      if (wanted && bytes) kept.push(bytes)
      if (!wanted || bytes !== event.bytes) changed = true
      if (phase === "complete") break
    }
    if (error) phase = "failed"
    if (!changed && phase !== "complete" && !error) return block
    return kept.length > 0 ? Buffer.concat(kept) : undefined
  }

  /** @returns whether the event is for the client */
  function follow({ data }: SseEvent): boolean {
    parsed = undefined
    if (data === undefined || data === "") return true
    if (data === "[DONE]") {
      if (phase === "content") phase = "complete"
      else error = ended("before any content")
      return true
    }
    let value: unknown
    try {
      value = JSON.parse(data)
    } catch {
      error = malformed(data)
      return true
    }
    if (!isRecord(value)) {
      error = malformed(data)
      return true
    }
    parsed = value
    if (value["error"]) {
      error = errorWithin(value["error"])
      return true
    }
    return typeof value["type"] === "string"
      ? followTyped(value, value["type"])
      : followChunk(value)
  }

  function followChunk(chunk: Record<string, unknown>): boolean {
    const counted = readUsage(chunk["usage"])
    if (counted) usage = counted
    const choices = Array.isArray(chunk["choices"]) ? chunk["choices"] : []
    for (const choice of choices) {
      if (!isRecord(choice)) continue
      if (choice["finish_reason"]) {
        finished = true
        unfinished.delete(choice["index"])
      } else unfinished.add(choice["index"])
      if (choice["finish_reason"] || carriesContent(choice)) {
        progress++
        if (phase === "prelude") phase = "content"
      }
    }
    return !(dropUsage && counted && choices.length === 0)
  }

  function followTyped(event: Record<string, unknown>, type: string): boolean {
    progress++
    if (phase === "prelude") phase = "content"
    const counted = readUsage(event["usage"])
    if (counted) usage = counted
    if (type.endsWith(".done") || type.endsWith(".completed")) finished = true
    return true
  }

  return {
    push(chunk) {
      if (phase === "complete" || phase === "failed") return undefined
      try {
        const block = cutter.push(chunk)
        return block && take(block)
      } catch (cause) {
        phase = "failed"
        error = new GatewayError(
          "upstream-invalid",
          "The upstream sent an event that is too large.",
          {
            cause,
          },
        )
        return undefined
      }
    },
    end() {
      if (phase === "complete" || phase === "failed") return undefined
      const rest = cutter.end()
      const tail = rest && take(rest)
      if (error) return tail
      // Only the last event's blank line is missing: it is whole when it parsed.
      const closing = tail && !endsWithBlankLine(tail) ? Buffer.from("\n\n") : undefined
      const parts = [tail, closing].filter((part) => part !== undefined)
      if ((phase as StreamPhase) === "complete") return Buffer.concat(parts)
      if (finished && unfinished.size === 0) {
        phase = "complete"
        return Buffer.concat([...parts, DONE_EVENT])
      }
      error = ended(phase === "prelude" ? "before any content" : "in the middle of the answer")
      phase = "failed"
      return parts.length > 0 ? Buffer.concat(parts) : undefined
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
    get stopped() {
      return finished && unfinished.size === 0
    },
  }
}

const BLANK_LINE = Buffer.from("\n\n")
const CLOSE_BRACE = 0x7d

/** Whether every event ends as a JSON object does; what does not is parsed, and may be half of one. */
function looksWhole(block: Buffer): boolean {
  let at = block.indexOf(BLANK_LINE)
  if (at < 0) return false
  for (; at >= 0; at = block.indexOf(BLANK_LINE, at + 2)) {
    if (block[at - 1] !== CLOSE_BRACE) return false
  }
  return true
}

/** Whether a choice says anything: text, reasoning, a tool call, audio. A role alone does not. */
function carriesContent(choice: Record<string, unknown>): boolean {
  if (typeof choice["text"] === "string") return choice["text"] !== ""
  const delta = choice["delta"] ?? choice["message"]
  if (!isRecord(delta)) return false
  return Object.entries(delta).some(
    ([name, value]) =>
      name !== "role" &&
      value !== null &&
      value !== "" &&
      !(Array.isArray(value) && value.length === 0),
  )
}

function endsWithBlankLine(bytes: Buffer): boolean {
  const tail = bytes.toString("latin1", Math.max(0, bytes.length - 4))
  return /(\n\n|\r\n\r\n|\r\r)$/.test(tail)
}

function malformed(data: string): GatewayError {
  return new GatewayError(
    "upstream-invalid",
    `The upstream sent an event that is no JSON object (${data.length} characters).`,
    { code: "upstream_invalid" },
  )
}

function ended(where: string): GatewayError {
  return new GatewayError("upstream-truncated", `The upstream's stream ended ${where}.`, {
    code: "upstream_truncated",
  })
}
