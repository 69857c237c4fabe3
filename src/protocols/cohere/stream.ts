import type { CanonicalEvent, PartStart } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding, StreamDecoder } from "../../core/protocol.ts"
import { unwrapInput } from "../../canonical/custom-input.ts"
import { plainState } from "../../canonical/flat-messages.ts"
import { ToldFirst } from "../../canonical/told-first.ts"
import { SseCutter, type SseEvent, splitEvents } from "../../transport/sse.ts"
import { wholeArgs } from "./answer.ts"
import { annotationsOf, finishOf, logprobsOf, usageOf } from "./answer-parts.ts"
import { invalid, type Json, parseRecord, recordOf, recordsOf, textOf } from "./json-values.ts"
import { errorWithin } from "./upstream-error.ts"

/** A call whose arguments are kept: those of tools of free text, and empty ones, are written anew. */
interface OpenCall {
  part: number
  custom: boolean
  args: string
  /** What of them was not passed on yet, and whether any was. */
  waiting: string
  begun: boolean
}

/** Reads the events of a streamed answer. https://docs.cohere.com/docs/streaming */
export function createDecoder(decoding: Decoding): StreamDecoder {
  const cutter = new SseCutter()
  let started = false
  let done = false
  let parts = 0
  /** The text or reasoning that grows. It stays open behind its end, since its citations come later. */
  let growing: { part: number; kind: "text" | "reasoning" } | undefined
  const calls = new Map<unknown, OpenCall>()
  let called = false

  const opened = (start: PartStart): CanonicalEvent => ({
    type: "open",
    part: parts++,
    choice: 0,
    start,
  })

  function settle(): CanonicalEvent[] {
    if (!growing) return []
    const { part, kind } = growing
    growing = undefined
    const states = kind === "reasoning" ? plainState(decoding.family) : []
    return [
      ...states.map((state): CanonicalEvent => ({ type: "state", part, state })),
      { type: "close", part },
    ]
  }

  function grow(kind: "text" | "reasoning", text: string): CanonicalEvent[] {
    if (text === "") return []
    const events: CanonicalEvent[] = []
    if (growing?.kind !== kind) {
      events.push(...settle())
      growing = { part: parts, kind }
      events.push(opened({ kind }))
    }
    return [...events, { type: "delta", part: growing.part, text }]
  }

  function openCall(index: unknown, call: Json): CanonicalEvent[] {
    const target = recordOf(call["function"])
    const sent = textOf(target["name"])
    const custom = decoding.custom.has(sent)
    const name = decoding.names.get(sent) ?? sent
    const events = [...endCall(index), ...settle()]
    called = true
    calls.set(index, { part: parts, custom, args: "", waiting: "", begun: false })
    const tool = custom ? "custom" : "function"
    events.push(opened({ kind: "tool-call", id: textOf(call["id"]), name, tool }))
    return [...events, ...growCall(index, textOf(target["arguments"]))]
  }

  function growCall(index: unknown, text: string): CanonicalEvent[] {
    const call = calls.get(index)
    if (!call || text === "") return []
    call.args += text
    if (call.custom) return []
    call.waiting += text
    // What may yet be `null`, for no arguments, waits for its end.
    if (!call.begun && "null".startsWith(call.waiting.trim())) return []
    const said = call.waiting
    call.waiting = ""
    call.begun = true
    return [{ type: "delta", part: call.part, text: said }]
  }

  function endCall(index: unknown): CanonicalEvent[] {
    const call = calls.get(index)
    if (!call) return []
    calls.delete(index)
    const { part, custom, args } = call
    const rest = custom ? unwrapInput(args) : wholeArgs(args) === args ? "" : "{}"
    const delta: CanonicalEvent[] = rest ? [{ type: "delta", part, text: rest }] : []
    return [...delta, { type: "close", part }]
  }

  function follow(event: Json): CanonicalEvent[] {
    const delta = recordOf(event["delta"])
    const message = recordOf(delta["message"])
    const index = event["index"]
    switch (event["type"]) {
      case "tool-plan-delta":
        return grow("reasoning", textOf(message["tool_plan"]))
      case "content-start":
        return [...settle(), ...content(event, message)]
      case "content-delta":
        return content(event, message)
      case "tool-call-start":
        return openCall(index, firstOf(message["tool_calls"]))
      case "tool-call-delta":
        return growCall(
          index,
          textOf(recordOf(firstOf(message["tool_calls"])["function"])["arguments"]),
        )
      case "tool-call-end":
        return endCall(index)
      case "citation-start":
        return cite(message["citations"])
      case "message-end":
        return finish(delta)
      default:
        return []
    }
  }

  function content(event: Json, message: Json): CanonicalEvent[] {
    const piece = firstOf(message["content"])
    const events = [
      ...grow("reasoning", textOf(piece["thinking"])),
      ...grow("text", textOf(piece["text"])),
    ]
    const logprobs = logprobsOf(event["logprobs"])
    if (logprobs && growing?.kind === "text") {
      events.push({ type: "logprobs", part: growing.part, logprobs })
    }
    return events
  }

  function cite(citations: unknown): CanonicalEvent[] {
    if (growing?.kind !== "text") return []
    const { part } = growing
    const list = Array.isArray(citations) ? citations : [citations]
    return annotationsOf(list).map((annotation) => ({ type: "annotation", part, annotation }))
  }

  function finish(delta: Json): CanonicalEvent[] {
    const usage = usageOf(delta["usage"])
    const ended = finishOf(delta, called)
    const open = [...calls.keys()].flatMap(endCall)
    done = true
    return [
      ...settle(),
      ...open,
      ...(usage ? [{ type: "usage", usage } as const] : []),
      { type: "finish", choice: 0, finish: ended },
      { type: "end" },
    ]
  }

  function read(data: string | undefined): CanonicalEvent[] {
    if (done || data === undefined || data === "" || data === "[DONE]") return []
    const event = parseRecord(data)
    if (event["type"] === undefined && event["message"] !== undefined) throw errorWithin(event)
    const events: CanonicalEvent[] = []
    if (!started) {
      started = true
      events.push({ type: "start", id: textOf(event["id"]), model: textOf(event["model"]) })
    }
    return [...events, ...follow(event)]
  }

  const frames = new ToldFirst<SseEvent>(({ data }) => read(data))
  const readBlock = (block: Buffer | undefined): CanonicalEvent[] =>
    frames.take(block ? splitEvents(block) : [])

  return {
    push(chunk) {
      let block: Buffer | undefined
      try {
        block = cutter.push(chunk)
      } catch (cause) {
        throw invalid("The upstream sent an event that is too large.", cause)
      }
      return readBlock(block)
    },
    end() {
      const events = readBlock(cutter.end())
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

/** Deltas have one object where whole answers have a list. */
function firstOf(value: unknown): Json {
  return Array.isArray(value) ? (recordsOf(value)[0] ?? {}) : recordOf(value)
}
