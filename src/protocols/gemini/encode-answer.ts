import { eventsOf } from "../../canonical/answer.ts"
import type { CanonicalAnswer, CanonicalEvent, CanonicalUsage } from "../../core/canonical.ts"
import type { AnswerContext, ChatEncoder, StreamEncoder } from "../../core/protocol.ts"
import { writeJson } from "../../transport/json.ts"
import { type Candidate, createCandidate } from "./candidate.ts"
import { errorBody } from "./error.ts"
import type { Fields } from "./fields.ts"
import { blockReasonOf } from "./finish.ts"
import { paramName } from "./param-names.ts"
import { wantsEvents } from "./routes.ts"
import { writeUsage } from "./usage.ts"
import { utf8 } from "../../transport/utf8.ts"

/** Writes answers as `GenerateContentResponse`s. */
export const chat: ChatEncoder = { encodeAnswer, createStream, paramName }

function encodeAnswer(answer: CanonicalAnswer, context: AnswerContext): Uint8Array {
  const writer = createWriter(context)
  const parts = new Map<number, Fields[]>()
  let last: Fields | undefined
  for (const event of eventsOf(answer)) {
    const { pieces, response } = writer.push(event)
    for (const { index, part } of pieces) {
      const list = parts.get(index) ?? []
      parts.set(index, list)
      join(list, part)
    }
    if (response) last = response(parts)
  }
  return Buffer.from(writeJson(last))
}

/** Adds a part to those of a whole answer, in which text is not cut and signatures stand beside it. */
function join(parts: Fields[], part: Fields): void {
  const before = parts.at(-1)
  const texts = before && typeof before["text"] === "string" && typeof part["text"] === "string"
  if (texts && before["thought"] === part["thought"] && !before["thoughtSignature"]) {
    parts[parts.length - 1] = { ...before, ...part, text: `${before["text"]}${part["text"]}` }
  } else parts.push(part)
}

function createStream(context: AnswerContext): StreamEncoder {
  const writer = createWriter(context)
  const frame = wantsEvents(context.head.query) ? eventFrame() : arrayFrame()
  return {
    push(event) {
      const { pieces, response, meta } = writer.push(event)
      const chunks: Fields[] = []
      for (const { index, part } of pieces) {
        chunks.push({ candidates: [candidateOf(index, [part])], ...meta() })
      }
      if (response) chunks.push(response(new Map()))
      const text = chunks.map((chunk) => frame.write(writeJson(chunk))).join("")
      const whole = event.type === "end" ? text + frame.end() : text
      return whole ? utf8(whole) : undefined
    },
    fail: (error) =>
      Buffer.from(frame.write(writeJson(errorBody(error, context.requestId))) + frame.end()),
  }
}

interface Frame {
  write(json: string): string
  end(): string
}

/** Data-only events, of which there is no last one. */
export function eventFrame(): Frame {
  return { write: (json) => `data: ${json}\n\n`, end: () => "" }
}

/** The elements of a JSON array. */
export function arrayFrame(): Frame {
  let begun = false
  return {
    write(json) {
      const text = `${begun ? ",\r\n" : "["}${json}`
      begun = true
      return text
    },
    end: () => (begun ? "]" : "[]"),
  }
}

interface Written {
  pieces: readonly { index: number; part: Fields }[]
  /** Members that every chunk has. */
  meta(): Fields
  /** At the end: the last chunk, given the parts that were not sent yet. */
  response?: (parts: ReadonlyMap<number, Fields[]>) => Fields
}

/** What is common to streams and whole answers. */
function createWriter(context: AnswerContext) {
  const show = context.request.reasoning?.show
  const thoughts = show === "summary" || show === "full"
  const candidates = new Map<number, Candidate>()
  const choiceOf = new Map<number, number>()
  const blocked = new Map<number, string>()
  let responseId = context.requestId
  let usage: CanonicalUsage | undefined
  let said = false

  function candidate(index: number): Candidate {
    let found = candidates.get(index)
    if (!found) {
      found = createCandidate(thoughts)
      candidates.set(index, found)
    }
    return found
  }

  const meta = (): Fields => ({
    ...(usage && { usageMetadata: writeUsage(usage) }),
    modelVersion: context.model,
    responseId,
  })

  function parts(event: CanonicalEvent): Written["pieces"] {
    switch (event.type) {
      case "open":
        choiceOf.set(event.part, event.choice)
        return of(event.choice, event)
      case "finish": {
        const reason = blockReasonOf(event.finish)
        if (reason !== undefined) blocked.set(event.choice, reason)
        return of(event.choice, event)
      }
      case "start":
        responseId = event.id || responseId
        return []
      case "usage":
        usage = event.usage
        return []
      case "end":
        return []
      default:
        return of(choiceOf.get(event.part) ?? 0, event)
    }
  }

  function of(index: number, event: CanonicalEvent): Written["pieces"] {
    const written = candidate(index).push(event)
    said ||= written.length > 0
    return written.map((part) => ({ index, part }))
  }

  function response(unsent: ReadonlyMap<number, Fields[]>): Fields {
    const [blockReason] = blocked.values()
    if (!said && blockReason !== undefined) return { promptFeedback: { blockReason }, ...meta() }
    if (candidates.size === 0) candidate(0)
    const list = [...candidates].sort(([a], [b]) => a - b)
    return {
      candidates: list.map(([index, own]) => {
        const { parts: rest, beside } = own.close()
        const all = [...(unsent.get(index) ?? [])]
        for (const part of rest) join(all, part)
        return { ...candidateOf(index, all.length > 0 ? all : [{ text: "" }]), ...beside }
      }),
      ...meta(),
    }
  }

  return {
    push(event: CanonicalEvent): Written {
      const pieces = parts(event)
      return { pieces, meta, ...(event.type === "end" && { response }) }
    },
  }
}

function candidateOf(index: number, parts: readonly Fields[]): Fields {
  return { content: { parts, role: "model" }, index }
}
