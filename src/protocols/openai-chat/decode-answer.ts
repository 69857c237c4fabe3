import { collectAnswer } from "../../canonical/answer.ts"
import type { CanonicalAnswer } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding, StreamDecoder } from "../../core/protocol.ts"
import { parseJson } from "../../transport/json.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import { SseCutter, splitEvents } from "../../transport/sse.ts"
import { createAnswerEvents } from "./answer-events.ts"
import type { Json } from "./json-values.ts"
import { isRecord } from "../../canonical/record.ts"

/** Members whose text matters: arguments that came as an object instead of a string. */
const RAW = new Set(["arguments"])

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
  let done = false

  function take(block: Buffer) {
    return splitEvents(block).flatMap(({ data }) => {
      if (done || data === undefined || data.trim() === "") return []
      if (data.trim() === "[DONE]") {
        done = true
        return answer.end(true)
      }
      return answer.push(parse(data))
    })
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
