import type { ByteWriter } from "../../core/byte-source.ts"
import { GatewayError } from "../../core/error.ts"
import type { StreamPhase, StreamRelay } from "../../core/protocol.ts"
import type { Usage } from "../../core/usage.ts"
import {
  alikeFrom,
  countAlike,
  type EventShape,
  freeMembers,
  learnShape,
} from "../../transport/event-shape.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import { skipSpace } from "../../transport/json-skip.ts"
import { EventReader, type SseEvent, SseCutter } from "../../transport/sse.ts"
import type { Repair } from "./repair.ts"
import { errorWithin } from "./upstream-error.ts"
import { readUsage } from "./usage.ts"
import { isRecord } from "../../canonical/record.ts"

/** What a block of events must contain for one of them to be worth parsing after the first content. */
const MARKS = ['"error"', "[DONE]", '.done"', '.completed"'].map((mark) => Buffer.from(mark))

const COLON = 0x3a

/** The same of members: their names, and how their values begin, which may be null too. */
const TELLING = [
  { name: Buffer.from('"usage"'), begin: 0x7b },
  { name: Buffer.from('"finish_reason"'), begin: 0x22 },
]

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

/** Name of a choice's number, and digits that are read of it. */
const INDEX = Buffer.from('"index"')
const INDEX_DIGITS = 4

const DONE_EVENT = Buffer.from("data: [DONE]\n\n")

/**
 * Follows a stream of chat chunks, legacy completion chunks, or the typed events of images and
 * audio. Bytes go through as they came, but for the usage event that only we asked for.
 *
 * @param dropUsage whether that event is taken out
 * @param repair mends events that would break SDKs; without it they go through as they are
 */
export function createStreamRelay(dropUsage: boolean, repair?: Repair): StreamRelay {
  return new ChatRelay(dropUsage, repair)
}

/** A class, since every block of every stream goes through one. */
class ChatRelay implements StreamRelay {
  phase: StreamPhase = "prelude"
  progress = 0
  usage: Usage | undefined
  error: GatewayError | undefined
  readonly #dropUsage: boolean
  readonly #repair: Repair | undefined
  readonly #cutter = new SseCutter()
  #shape: EventShape | undefined
  /** The event that was followed last, where it is an object. */
  #parsed: Record<string, unknown> | undefined
  /** Choices that have begun, by their numbers, and whether they have got a finish reason. */
  readonly #choices = new Map<unknown, boolean>()
  /** The content has begun, and what comes next begins an event. */
  #steady = false
  /** Some choice, or a typed stream, has come to its end. */
  #finished = false

  constructor(dropUsage: boolean, repair: Repair | undefined) {
    this.#dropUsage = dropUsage
    this.#repair = repair
  }

  get stopped(): boolean {
    return this.#finished && this.#choices.values().every(Boolean)
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    if (this.phase === "complete" || this.phase === "failed") return undefined
    this.#steady = false
    try {
      const block = this.#cutter.push(chunk)
      const passed = block && this.#take(block)
      this.#steady = this.phase === "content" && this.#cutter.isEmpty
      return passed
    } catch (cause) {
      this.phase = "failed"
      this.error = new GatewayError(
        "upstream-invalid",
        "The upstream sent an event that is too large.",
        { cause },
      )
      return undefined
    }
  }

  pass(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): boolean {
    if (!this.#steady) return false
    const alike = countAlike(this.#shape, asBuffer(bytes), start, end)
    this.progress += alike
    if (alike > 0) writer.write(bytes, start, end)
    return alike > 0
  }

  end(): Uint8Array | undefined {
    if (this.phase === "complete" || this.phase === "failed") return undefined
    const rest = this.#cutter.end()
    const tail = rest && this.#take(rest)
    if (this.error) return tail
    // Only the last event's blank line is missing: it is whole when it parsed.
    const closing = tail && !endsWithBlankLine(tail) ? Buffer.from("\n\n") : undefined
    const parts = [tail, closing].filter((part) => part !== undefined)
    if ((this.phase as StreamPhase) === "complete") return Buffer.concat(parts)
    if (this.stopped) {
      this.phase = "complete"
      return Buffer.concat([...parts, DONE_EVENT])
    }
    this.error = ended(
      this.phase === "prelude" ? "before any content" : "in the middle of the answer",
    )
    this.phase = "failed"
    return parts.length > 0 ? Buffer.concat(parts) : undefined
  }

  /** Whether there is nothing in a block or an event that has to be parsed. */
  #isPlain(bytes: Buffer): boolean {
    if (this.phase !== "content" || !looksWhole(bytes)) return false
    for (const mark of MARKS) if (bytes.includes(mark)) return false
    for (const { name, begin } of TELLING) {
      for (let at = valueAfter(bytes, name, 0); at >= 0; at = valueAfter(bytes, name, at)) {
        if (bytes[at] === begin) return false
      }
    }
    return !this.#repair?.suspects(bytes)
  }

  /** Whether there may be a choice that was not there before; calls are numbered, too, and may look like one. */
  #beginsChoice(bytes: Buffer): boolean {
    for (let at = valueAfter(bytes, INDEX, 0); at >= 0; at = valueAfter(bytes, INDEX, at)) {
      const number = Number.parseInt(bytes.toString("latin1", at, at + INDEX_DIGITS), 10)
      if (!Number.isNaN(number) && !this.#choices.has(number)) return true
    }
    return false
  }

  #take(block: Buffer): Buffer | undefined {
    const alike = countAlike(this.#shape, block)
    if (alike > 0) {
      this.progress += alike
      return block
    }
    if (this.#isPlain(block) && !this.#beginsChoice(block)) {
      if (block.includes(DATA_FIELD)) this.progress++
      this.#shape = learnShape(block, FREE)
      return block
    }
    const kept: Buffer[] = []
    let changed = false
    const reader = new EventReader(block)
    for (;;) {
      const run = alikeFrom(this.#shape, block, reader.at)
      if (run.events > 0) {
        this.progress += run.events
        kept.push(block.subarray(reader.at, run.end))
        reader.at = run.end
      }
      const event = reader.next()
      if (!event) break
      const plain = this.#isPlain(event.bytes)
      if (plain) this.#shape = learnShape(event.bytes, FREE)
      if (plain && !this.#beginsChoice(event.bytes)) {
        if (event.data !== undefined) this.progress++
        kept.push(event.bytes)
        continue
      }
      const wanted = this.#follow(event)
      if (this.error) break
      const bytes = wanted && this.#repair ? this.#repair.mend(event, this.#parsed) : event.bytes
      if (wanted && bytes) kept.push(bytes)
      if (!wanted || bytes !== event.bytes) changed = true
      if (this.phase === "complete") break
    }
    if (this.error) this.phase = "failed"
    if (!changed && this.phase !== "complete" && !this.error) return block
    return kept.length > 0 ? Buffer.concat(kept) : undefined
  }

  /** @returns whether the event is for the client */
  #follow({ data }: SseEvent): boolean {
    this.#parsed = undefined
    if (data === undefined || data === "") return true
    if (data === "[DONE]") {
      if (this.phase === "content") this.phase = "complete"
      else this.error = ended("before any content")
      return true
    }
    let value: unknown
    try {
      value = JSON.parse(data)
    } catch {
      this.error = malformed(data)
      return true
    }
    if (!isRecord(value)) {
      this.error = malformed(data)
      return true
    }
    this.#parsed = value
    if (value["error"]) {
      this.error = errorWithin(value["error"])
      return true
    }
    return typeof value["type"] === "string"
      ? this.#followTyped(value, value["type"])
      : this.#followChunk(value)
  }

  #followChunk(chunk: Record<string, unknown>): boolean {
    const counted = readUsage(chunk["usage"])
    if (counted) this.usage = counted
    const choices = Array.isArray(chunk["choices"]) ? chunk["choices"] : []
    for (const choice of choices) {
      if (!isRecord(choice)) continue
      const { index } = choice
      const ended = Boolean(choice["finish_reason"])
      this.#choices.set(index, ended || this.#choices.get(index) === true)
      if (ended) this.#finished = true
      if (ended || carriesContent(choice)) this.#progressed()
    }
    return !(this.#dropUsage && counted && choices.length === 0)
  }

  #followTyped(event: Record<string, unknown>, type: string): boolean {
    this.#progressed()
    const counted = readUsage(event["usage"])
    if (counted) this.usage = counted
    if (type.endsWith(".done") || type.endsWith(".completed")) this.#finished = true
    return true
  }

  #progressed(): void {
    this.progress++
    if (this.phase === "prelude") this.phase = "content"
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
  for (const name in delta) {
    const value = delta[name]
    if (name === "role" || value === null || value === "") continue
    if (!(Array.isArray(value) && value.length === 0)) return true
  }
  return false
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

/** Where the value of the next member of this name begins, whatever spaces are around its colon; -1 where there is none. */
function valueAfter(bytes: Buffer, name: Buffer, from: number): number {
  let at = bytes.indexOf(name, from)
  while (at >= 0) {
    const colon = skipSpace(bytes, at + name.length)
    if (bytes[colon] === COLON) return skipSpace(bytes, colon + 1)
    at = bytes.indexOf(name, colon)
  }
  return -1
}
