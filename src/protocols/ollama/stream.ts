import type { CanonicalEvent } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding, StreamDecoder } from "../../core/protocol.ts"
import { plainState } from "../../canonical/flat-messages.ts"
import { ToldFirst } from "../../canonical/told-first.ts"
import { LineCutter } from "../../transport/lines.ts"
import {
  callsOf,
  finishOf,
  invalid,
  isRecord,
  type Json,
  logprobsOf,
  readObject,
  textOf,
  usageOf,
} from "./answer.ts"

/** Reads the lines of a streamed answer, each a JSON object; the last one says `done`. */
export function createDecoder(decoding: Decoding): StreamDecoder {
  const cutter = new LineCutter()
  let started = false
  let done = false
  let calls = 0
  let parts = 0
  /** The text or reasoning that grows. */
  let open: { part: number; kind: "text" | "reasoning" } | undefined

  function close(): CanonicalEvent[] {
    if (!open) return []
    const { part, kind } = open
    open = undefined
    const states = kind === "reasoning" ? plainState(decoding.family) : []
    return [
      ...states.map((state): CanonicalEvent => ({ type: "state", part, state })),
      { type: "close", part },
    ]
  }

  function grow(kind: "text" | "reasoning", text: string): CanonicalEvent[] {
    if (text === "") return []
    const events: CanonicalEvent[] = []
    if (open?.kind !== kind) {
      events.push(...close())
      open = { part: parts++, kind }
      events.push({ type: "open", part: open.part, choice: 0, start: { kind } })
    }
    events.push({ type: "delta", part: open.part, text })
    return events
  }

  /** Calls come whole. */
  function call(message: Json, line: Json): CanonicalEvent[] {
    return callsOf(message, line, decoding, calls).flatMap((block): CanonicalEvent[] => {
      calls++
      const part = parts++
      const { id, name, kind: tool, args } = block
      return [
        ...close(),
        { type: "open", part, choice: 0, start: { kind: "tool-call", id, name, tool } },
        ...(args ? [{ type: "delta", part, text: args } as const] : []),
        { type: "close", part },
      ]
    })
  }

  function read(text: string): CanonicalEvent[] {
    if (done) return []
    const line = readObject(text)
    const events: CanonicalEvent[] = []
    if (!started) {
      started = true
      events.push({ type: "start", id: "", model: textOf(line["model"]) })
    }
    const message = line["message"]
    if (isRecord(message)) {
      events.push(...grow("reasoning", textOf(message["thinking"])))
      events.push(...grow("text", textOf(message["content"])))
      const logprobs = logprobsOf(line)
      if (logprobs && open?.kind === "text") {
        events.push({ type: "logprobs", part: open.part, logprobs })
      }
      events.push(...call(message, line))
    }
    if (line["done"] === true) events.push(...finish(line))
    return events
  }

  function finish(line: Json): CanonicalEvent[] {
    done = true
    const usage = usageOf(line)
    return [
      ...close(),
      ...(usage ? [{ type: "usage", usage } as const] : []),
      { type: "finish", choice: 0, finish: finishOf(line, calls > 0) },
      { type: "end" },
    ]
  }

  const frames = new ToldFirst(read)
  return {
    push(chunk) {
      let lines: string[]
      try {
        lines = cutter.push(chunk)
      } catch (cause) {
        throw invalid("The upstream sent a line that is too large.", cause)
      }
      return frames.take(lines)
    },
    end() {
      const events = frames.take(cutter.end())
      frames.check()
      if (done) return events
      const where = parts === 0 ? "before any content" : "in the middle of the answer"
      throw new GatewayError("upstream-truncated", `The upstream's stream ended ${where}.`, {
        code: "upstream_truncated",
      })
    },
    get failure() {
      return frames.failure
    },
  }
}
