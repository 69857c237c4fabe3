import type { ByteWriter } from "../../core/byte-source.ts"
import { collectAnswer } from "../../canonical/answer.ts"
import type { CanonicalAnswer, CanonicalEvent } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding, Frame, StreamDecoder } from "../../core/protocol.ts"
import { parseJson } from "../../transport/json.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import {
  alikeFrom,
  type EventShape,
  freeMembers,
  learnShape,
  tellWords,
  wordsOf,
} from "../../transport/event-shape.ts"
import { EventReader, SseCutter, type SseEvent } from "../../transport/sse.ts"
import { Transcript } from "../../transport/transcript.ts"
import { type AnswerEvents, createAnswerEvents } from "./answer-events.ts"
import { type Json, recordOf, recordsOf } from "./json-values.ts"
import type { OpenText } from "./open-text.ts"
import { isRecord } from "../../canonical/record.ts"

/** Members whose text matters: arguments that came as an object instead of a string. */
const RAW = new Set(["arguments"])

/** Members in which most chunks of one stream differ: what is said, and padding. */
const FREE = freeMembers(["content", "obfuscation"])

/** @throws GatewayError when a 200 is not an answer at all */
export function decodeAnswer(body: Uint8Array, decoding: Decoding): CanonicalAnswer {
  const events = createAnswerEvents(decoding)
  const document = parse(asBuffer(body).toString("utf8"))
  const said = events.push(document)
  if (said.length === 0) {
    throw new GatewayError("upstream-invalid", "The upstream answered 200 without an answer.", {
      code: "upstream_invalid",
    })
  }
  return collectAnswer([...said, ...events.end(true)])
}

/** What is told on is written here, and read before anything else is. */
const transcript = new Transcript()

/** Decodes a stream of chunks, whatever they lack. */
export function createDecoder(decoding: Decoding): StreamDecoder {
  return new Decoder(decoding)
}

/** A class, since every block of every stream goes through one. */
class Decoder implements StreamDecoder {
  failure: unknown
  readonly #cutter = new SseCutter()
  readonly #answer: AnswerEvents
  #shape: EventShape | undefined
  /** The text that events of the known shape say more of. */
  #text: OpenText | undefined
  #done = false

  constructor(decoding: Decoding) {
    this.#answer = createAnswerEvents(decoding)
  }

  get stopped(): boolean {
    return this.#answer.stopped
  }

  get retells(): boolean {
    return this.#text !== undefined && !this.#done && this.#cutter.isEmpty
  }

  push(chunk: Uint8Array): readonly CanonicalEvent[] {
    if (this.failure !== undefined) throw this.failure
    if (this.#done) return []
    const block = cut(this.#cutter, chunk)
    return block ? this.#take(block) : []
  }

  retell(bytes: Uint8Array, start: number, end: number, frame: Frame, writer: ByteWriter): number {
    transcript.begin(frame)
    const pieces = tellWords(this.#shape!, asBuffer(bytes), start, end, transcript)
    if (pieces === 0) return 0
    this.#text!.addUtf8(transcript.words, transcript.length)
    writer.write(transcript.bytes, 0, transcript.size)
    return pieces
  }

  end(): readonly CanonicalEvent[] {
    if (this.failure !== undefined) throw this.failure
    if (this.#done) return []
    const rest = this.#cutter.end()
    const events = rest ? this.#take(rest) : []
    if (this.failure !== undefined) throw this.failure
    return this.#done ? events : [...events, ...this.#answer.end(false)]
  }

  #take(block: Buffer): CanonicalEvent[] {
    const words = wordsOf(this.#shape, block)
    if (words) {
      return words.length === 1 ? this.#answer.say(words[0]!) : words.flatMap(this.#answer.say)
    }
    const events: CanonicalEvent[] = []
    try {
      this.#readAll(block, events)
    } catch (thrown) {
      // What came before it is told first, wherever the bytes were cut.
      if (events.length === 0) throw thrown
      this.failure = thrown
    }
    return events
  }

  /** @param events gets what the events of a block say */
  #readAll(block: Buffer, events: CanonicalEvent[]): void {
    const reader = new EventReader(block)
    while (!this.#done) {
      const run = alikeFrom(this.#shape, block, reader.at)
      const said = run.events > 0 && wordsOf(this.#shape, block.subarray(reader.at, run.end))
      if (said) {
        reader.at = run.end
        for (const text of said) events.push(...this.#answer.say(text))
      }
      const event = reader.next()
      if (!event) break
      events.push(...this.#read(event))
    }
  }

  #read({ data, bytes }: SseEvent): CanonicalEvent[] {
    if (data === undefined || data.trim() === "") return []
    this.#shape = undefined
    this.#text = undefined
    if (data.trim() === "[DONE]") {
      this.#done = true
      return this.#answer.end(true)
    }
    const chunk = parse(data)
    const events = this.#answer.push(chunk)
    const words = onlyWords(chunk)
    const shape = words === undefined ? undefined : learnShape(bytes, FREE)
    const said = wordsOf(shape, bytes)
    // Something else may have the same name, with other spaces around it.
    if (said?.length === 1 && said[0] === words) {
      this.#shape = shape
      this.#text = this.#answer.openText
    }
    return events
  }
}

/** What a chunk says, where it is nothing but the next words of one choice. */
function onlyWords({ choices, usage }: Json): string | undefined {
  const [choice, another] = recordsOf(choices)
  if (usage || !choice || another || choice["logprobs"] || choice["finish_reason"]) return undefined
  const delta = recordOf(choice["delta"])
  const { content } = delta
  if (typeof content !== "string") return undefined
  for (const name in delta) {
    if (name !== "content" && name !== "role" && delta[name] !== null && delta[name] !== "") {
      return undefined
    }
  }
  return content
}

function cut(cutter: SseCutter, chunk: Uint8Array): Buffer | undefined {
  try {
    return cutter.push(chunk)
  } catch (cause) {
    throw new GatewayError("upstream-invalid", "The upstream sent an event that is too large.", {
      code: "upstream_invalid",
      cause,
    })
  }
}

function parse(text: string): Json {
  let value: unknown
  try {
    value = parseJson(text, RAW)
  } catch {
    value = undefined
  }
  if (isRecord(value)) return value
  throw new GatewayError(
    "upstream-invalid",
    `The upstream sent something that is no JSON object (${text.length} characters).`,
    { code: "upstream_invalid" },
  )
}
