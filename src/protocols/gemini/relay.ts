import { GatewayError } from "../../core/error.ts"
import type { StreamPhase, StreamRelay } from "../../core/protocol.ts"
import { truncated } from "./decoder.ts"
import { arrayFrame, eventFrame } from "./encode-answer.ts"
import { errorBody } from "./error.ts"
import { type Fields, fieldsOf, isFields, listOf, member, nonsense, textOf } from "./fields.ts"
import { createFraming, type Frame } from "./framing.ts"
import { errorOf, errorWithin } from "./upstream-error.ts"
import { ledgerUsage } from "./usage.ts"
import { isJson } from "../../transport/is-json.ts"
import { utf8 } from "../../transport/utf8.ts"

/**
 * Follows a relayed stream. Events go through as they came to a client of events; one that wants an
 * array gets their data as its elements.
 *
 * @param events whether the client wants server-sent events
 */
export function createStreamRelay(events: boolean): StreamRelay {
  const framing = createFraming()
  const frame = events ? eventFrame() : arrayFrame()
  let phase: StreamPhase = "prelude"
  let progress = 0
  let error: GatewayError | undefined
  /** Candidates that have begun, and whether they have ended. */
  const finished = new Map<number, boolean>()
  let blocked = false
  /** The last chunk with counts: they are cumulative, so only that one is read. */
  let counted: string | undefined

  /** @returns what the client gets of a frame */
  function take({ data, bytes }: Frame): string | Buffer | undefined {
    if (data === undefined || data === "") return events ? bytes : undefined
    // Clients of this API would take the end mark of another one for broken JSON.
    if (data === "[DONE]") return undefined
    // In an array, what is no JSON spoils all of it.
    const plain = events && phase === "content" && isEnclosed(data) && !MARKS.test(data)
    if (plain) progress++
    else if (!follow(data)) return undefined
    if (data.includes('"usageMetadata"') || data.includes('"usage_metadata"')) counted = data
    return events && bytes ? closed(bytes) : frame.write(oneLine(data))
  }

  /** @returns false when the chunk is an error */
  function follow(data: string): boolean {
    let value: unknown
    try {
      value = JSON.parse(data)
    } catch {
      error = nonsense(`The upstream sent an event that is no JSON (${data.length} characters).`)
      return false
    }
    const failure = errorOf(value)
    if (failure) {
      error = errorWithin(failure)
      return false
    }
    let content = false
    for (const chunk of listOf(value)) content = followChunk(fieldsOf(chunk)) || content
    if (content) {
      progress++
      if (phase === "prelude") phase = "content"
    }
    return true
  }

  /** @returns whether the chunk says anything */
  function followChunk(chunk: Fields): boolean {
    let content = false
    for (const entry of listOf(chunk["candidates"])) {
      const candidate = fieldsOf(entry)
      const index = Number(candidate["index"] ?? 0)
      const ended = textOf(member(candidate, "finishReason")) !== undefined
      finished.set(index, (finished.get(index) ?? false) || ended)
      content ||= ended || listOf(fieldsOf(candidate["content"])["parts"]).some(saysSomething)
    }
    if (textOf(member(fieldsOf(member(chunk, "promptFeedback")), "blockReason"))) blocked = true
    return content || blocked
  }

  /** Whether the end may be told on. Before all content, whatever is said there tells why there is none. */
  function isWhole({ data }: Frame): boolean {
    return !!data && (phase === "prelude" || isJson(data))
  }

  function hasEnded(): boolean {
    return finished.size > 0 ? finished.values().every(Boolean) : blocked
  }

  function run(read: () => Frame[]): Buffer | undefined {
    const written: Uint8Array[] = []
    try {
      for (const next of read()) {
        const bytes = take(next)
        if (error) break
        if (bytes) written.push(typeof bytes === "string" ? utf8(bytes) : bytes)
      }
    } catch (thrown) {
      error = thrown instanceof GatewayError ? thrown : nonsense("The stream broke.", thrown)
    }
    if (error) phase = "failed"
    return written.length > 0 ? Buffer.concat(written) : undefined
  }

  return {
    push: (chunk) => (over(phase) ? undefined : run(() => framing.push(chunk))),
    end() {
      if (over(phase)) return undefined
      // The beginning of an event would spoil the error that follows.
      const rest = run(() => framing.end().filter(isWhole))
      if (error) return rest
      if (!hasEnded()) {
        error = truncated(
          phase === "prelude" ? "before any content" : "in the middle of the answer",
        )
        phase = "failed"
        return rest
      }
      phase = "complete"
      const tail = frame.end()
      return tail ? Buffer.concat([rest ?? Buffer.alloc(0), Buffer.from(tail)]) : rest
    },
    get phase() {
      return phase
    },
    get progress() {
      return progress
    },
    get usage() {
      return counted === undefined ? undefined : usageOf(counted)
    },
    get error() {
      return error
    },
    get stopped() {
      return hasEnded()
    },
    fail: (failure, requestId) =>
      Buffer.from(frame.write(JSON.stringify(errorBody(failure, requestId))) + frame.end()),
  }
}

/** What a chunk has to be parsed for once there is content. Inside texts quotes are escaped. */
const MARKS =
  /"(finishReason|finish_reason|error|promptFeedback|prompt_feedback)"|"index"\s*:\s*[1-9]/

/** Whether it may be an object as a whole: the beginning of one nearly never is. */
function isEnclosed(data: string): boolean {
  return data.startsWith("{") && data.endsWith("}")
}

function over(phase: StreamPhase): boolean {
  return phase === "complete" || phase === "failed"
}

/** Whether a part is more than an empty text. */
function saysSomething(part: unknown): boolean {
  if (!isFields(part)) return false
  return Object.entries(part).some(([, value]) => value !== "" && value !== false && value !== null)
}

function usageOf(data: string) {
  try {
    const value: unknown = JSON.parse(data)
    const chunk = fieldsOf(Array.isArray(value) ? (value as unknown[]).at(-1) : value)
    return ledgerUsage(member(chunk, "usageMetadata"))
  } catch {
    return undefined
  }
}

/** The last event may lack its blank line, without which clients wait for more. */
function closed(bytes: Buffer): Buffer {
  const tail = bytes.toString("latin1", Math.max(0, bytes.length - 4))
  return /(\n\n|\r\n\r\n|\r\r)$/.test(tail) ? bytes : Buffer.concat([bytes, Buffer.from("\n\n")])
}

/** Line breaks in a document are white space; in an event they would end it. */
function oneLine(json: string): string {
  return json.replace(/[\r\n]+/g, " ")
}
