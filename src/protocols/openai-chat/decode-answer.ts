import { collectAnswer } from "../../canonical/answer.ts"
import type { CanonicalAnswer, CanonicalEvent } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding, StreamDecoder } from "../../core/protocol.ts"
import { parseJson } from "../../transport/json.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import { EventShape, freeMembers } from "../../transport/event-shape.ts"
import { SseCutter, splitEvents } from "../../transport/sse.ts"
import { createAnswerEvents } from "./answer-events.ts"
import { type Json, recordOf, recordsOf } from "./json-values.ts"
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

/** Decodes a stream of chunks, whatever they lack. */
export function createDecoder(decoding: Decoding): StreamDecoder {
  const cutter = new SseCutter()
  const answer = createAnswerEvents(decoding)
  const shape = new EventShape(FREE)
  let done = false

  function take(block: Buffer): CanonicalEvent[] {
    const texts = shape.texts(block)
    if (texts) return texts.length === 1 ? answer.say(texts[0]!) : texts.flatMap(answer.say)
    shape.forget()
    let last: Json | undefined
    const events = splitEvents(block).flatMap(({ data }) => {
      if (done || data === undefined || data.trim() === "") return []
      if (data.trim() === "[DONE]") {
        done = true
        return answer.end(true)
      }
      last = parse(data)
      return answer.push(last)
    })
    const words = done || !last ? undefined : onlyWords(last)
    if (words !== undefined && shape.learn(block) !== words) shape.forget()
    return events
  }

  return {
    push(chunk) {
      if (done) return []
      const block = cut(cutter, chunk)
      return block ? take(block) : []
    },
    end() {
      if (done) return []
      const rest = cutter.end()
      const events = rest ? take(rest) : []
      return done ? events : [...events, ...answer.end(false)]
    },
    get stopped() {
      return answer.stopped
    },
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
