import { collectAnswer } from "../../canonical/answer.ts"
import { ToldFirst } from "../../canonical/told-first.ts"
import type { CanonicalAnswer, CanonicalEvent } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding, StreamDecoder } from "../../core/protocol.ts"
import { parseJson } from "../../transport/json.ts"
import { type CandidateDecoder, createCandidateDecoder } from "./decode-candidate.ts"
import {
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  member,
  nonsense,
  numberOf,
  textOf,
} from "./fields.ts"
import { blockedFinish } from "./finish.ts"
import { createFraming, type Frame } from "./framing.ts"
import { errorOf, errorWithin } from "./upstream-error.ts"
import { readUsage } from "./usage.ts"

/** Arguments keep their digits. */
const RAW: ReadonlySet<string> = new Set(["args"])

/** Reads a streamed answer: server-sent events, or a JSON array. */
export function createDecoder(decoding: Decoding): StreamDecoder {
  return createResponseDecoder(decoding, false)
}

/** @throws GatewayError when a 200 is not an answer at all */
export function decodeAnswer(body: Uint8Array, decoding: Decoding): CanonicalAnswer {
  const decoder = createResponseDecoder(decoding, true)
  return collectAnswer([...decoder.push(body), ...decoder.end()])
}

/** @param whole whether the bytes are one document, in which a finish reason may be missing */
function createResponseDecoder(decoding: Decoding, whole: boolean): StreamDecoder {
  const framing = createFraming()
  const candidates = new Map<number, CandidateDecoder>()
  let started: { id: string } | undefined
  let parts = 0
  let blocked: string | undefined
  let blockMessage: string | undefined

  function take({ data }: Frame): CanonicalEvent[] {
    if (data === undefined || data === "" || data === "[DONE]") return []
    const value = parse(data)
    const error = errorOf(value)
    if (error) throw errorWithin(error)
    return listOf(value).flatMap((chunk) => (isFields(chunk) ? takeChunk(chunk) : []))
  }

  function takeChunk(chunk: Fields): CanonicalEvent[] {
    const events: CanonicalEvent[] = []
    if (!started) {
      started = { id: textOf(member(chunk, "responseId")) ?? "" }
      events.push({
        type: "start",
        id: started.id,
        model: textOf(member(chunk, "modelVersion")) ?? "",
      })
    }
    // First: some protocols tell the size of the input before anything else.
    const usage = readUsage(member(chunk, "usageMetadata"))
    if (usage) events.push({ type: "usage", usage })
    for (const entry of listOf(chunk["candidates"])) {
      const candidate = fieldsOf(entry)
      events.push(...decoderAt(numberOf(candidate["index"]) ?? 0).take(candidate))
    }
    const feedback = fieldsOf(member(chunk, "promptFeedback"))
    blocked = textOf(member(feedback, "blockReason")) ?? blocked
    blockMessage = textOf(member(feedback, "blockReasonMessage")) ?? blockMessage
    return events
  }

  function decoderAt(choice: number): CandidateDecoder {
    let found = candidates.get(choice)
    if (!found) {
      const id = () => started?.id ?? ""
      found = createCandidateDecoder({ choice, decoding, next: () => parts++, id })
      candidates.set(choice, found)
    }
    return found
  }

  function end(): CanonicalEvent[] {
    if (candidates.size === 0) {
      if (blocked === undefined) throw whole ? empty() : truncated("before any content")
      const finish = blockedFinish(blocked, blockMessage)
      return [{ type: "finish", choice: 0, finish }, { type: "end" }]
    }
    const all = [...candidates.values()]
    if (!whole && !all.every(({ finished }) => finished)) {
      throw truncated("in the middle of the answer")
    }
    return [...all.flatMap((candidate) => candidate.end()), { type: "end" }]
  }

  const frames = new ToldFirst(take)
  return {
    push: (chunk) => frames.take(framing.push(chunk)),
    end() {
      frames.check()
      const last = frames.take(framing.end())
      frames.check()
      return [...last, ...end()]
    },
    get failure() {
      return frames.failure
    },
  }
}

function parse(data: string): unknown {
  try {
    return parseJson(data, RAW)
  } catch (cause) {
    throw nonsense(`The upstream sent an event that is no JSON (${data.length} characters).`, cause)
  }
}

function empty(): GatewayError {
  return nonsense("The upstream answered 200 without candidates.")
}

/** The error of a stream without a proper end. */
export function truncated(where: string): GatewayError {
  return new GatewayError("upstream-truncated", `The upstream's stream ended ${where}.`, {
    code: "upstream_truncated",
  })
}
