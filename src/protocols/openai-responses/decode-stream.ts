import { table } from "../../core/table.ts"
import type { CanonicalEvent } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding, StreamDecoder } from "../../core/protocol.ts"
import { SseCutter, splitEvents } from "../../transport/sse.ts"
import { finishOf } from "./decode-output.ts"
import { createOutputSlot, type DeltaKind, type OutputSlot, type Sink } from "./output-slot.ts"
import { lastEvent, noEvent, tooLarge, truncated } from "./stream-end.ts"
import { errorWithin } from "./upstream-error.ts"
import { readUsage } from "./usage.ts"
import { type Fields, isRecord, number, record, records, string, text } from "./wire.ts"

/** Events that carry a piece of a text, and the member that has it. */
const DELTAS = table<DeltaKind>({
  "response.output_text.delta": "text",
  "response.refusal.delta": "refusal",
  "response.reasoning_summary_text.delta": "summary",
  "response.reasoning_text.delta": "thoughts",
  "response.function_call_arguments.delta": "args",
  "response.custom_tool_call_input.delta": "args",
})

/** Events that carry a whole text. */
const WHOLES = table<readonly [kind: DeltaKind, member: string]>({
  "response.output_text.done": ["text", "text"],
  "response.refusal.done": ["refusal", "refusal"],
  "response.function_call_arguments.done": ["args", "arguments"],
  "response.custom_tool_call_input.done": ["args", "input"],
})

const TERMINAL = new Set(["response.completed", "response.incomplete", "response.done"])

/** The kind of item that an event is about, where the item was never announced. */
const ITEM_OF: Readonly<Record<DeltaKind, string>> = {
  text: "message",
  refusal: "message",
  summary: "reasoning",
  thoughts: "reasoning",
  args: "function_call",
}

/**
 * Reads the events of an answer. Items are told apart by their place in the output: some servers
 * give an item another id in each event.
 */
export function createStreamDecoder(decoding: Decoding): StreamDecoder {
  const cutter = new SseCutter()
  const slots = new Map<number, OutputSlot>()
  let events: CanonicalEvent[] = []
  let parts = 0
  let started = false
  let ended = false
  /** An error behind content: the content is told first. */
  let failure: GatewayError | undefined

  const sink: Sink = {
    open(start) {
      events.push({ type: "open", part: parts, choice: 0, start })
      return parts++
    },
    emit: (event) => events.push(event),
  }

  function begin(response: Fields): void {
    if (started) return
    started = true
    const serviceTier = text(response["service_tier"])
    events.push({
      type: "start",
      id: text(response["id"]) ?? "",
      model: text(response["model"]) ?? "",
      ...(serviceTier !== undefined && { serviceTier }),
    })
  }

  function slotOf(event: Fields, item: Fields): OutputSlot {
    begin({})
    const added = event["type"] === "response.output_item.added"
    const last = added ? slots.size : Math.max(0, slots.size - 1)
    const index = number(event["output_index"]) ?? last
    const known = slots.get(index)
    if (known) return known
    const slot = createOutputSlot(item, decoding, sink)
    slots.set(index, slot)
    return slot
  }

  function follow(event: Fields, type: string): void {
    const kind = DELTAS[type]
    const content = number(event["content_index"]) ?? 0
    if (kind) {
      const at = kind === "summary" ? (number(event["summary_index"]) ?? 0) : content
      const slot = slotOf(event, { type: ITEM_OF[kind], id: event["item_id"] })
      slot.delta(kind, at, string(event["delta"]) ?? "", event["logprobs"])
      return
    }
    const whole = WHOLES[type]
    if (whole) {
      const said = string(event[whole[1]])
      const slot = slotOf(event, { type: ITEM_OF[whole[0]], id: event["item_id"] })
      if (said !== undefined) slot.whole(whole[0], content, said, event["logprobs"])
      return
    }
    switch (type) {
      case "response.created":
      case "response.queued":
      case "response.in_progress":
        begin(record(event["response"]))
        return
      case "response.output_item.added":
        slotOf(event, record(event["item"]))
        return
      case "response.output_item.done": {
        const item = record(event["item"])
        slotOf(event, item).finish(item)
        return
      }
      case "response.content_part.done":
        slotOf(event, { type: "message" }).endPart(content, record(event["part"]))
        return
      case "response.output_text.annotation.added":
        slotOf(event, { type: "message" }).annotate(content, event["annotation"])
        return
      case "response.failed":
      case "response.cancelled":
        throw errorWithin(record(event["response"])["error"] ?? { message: "The answer failed." })
      case "error":
        throw errorWithin(isRecord(event["error"]) ? event["error"] : event)
    }
    if (TERMINAL.has(type)) complete(record(event["response"]))
  }

  function complete(response: Fields): void {
    begin(response)
    const output = records(response["output"])
    const all = [...slots.entries()].sort(([a], [b]) => a - b).map(([, slot]) => slot)
    const streamed = all.length
    let next = 0
    for (const item of output) {
      const slot = next < streamed ? all[next] : undefined
      if (slot?.matches(item)) {
        slot.finish(item)
        next++
      } else if (output.length > streamed) {
        // It was never streamed.
        const late = createOutputSlot(item, decoding, sink)
        all.push(late)
        late.finish(item)
      }
    }
    for (const slot of all) slot.finish({})
    const usage = readUsage(response["usage"])
    if (usage) events.push({ type: "usage", usage })
    const kinds = { calls: all.some((s) => s.calls), refusal: all.some((s) => s.refuses) }
    events.push({ type: "finish", choice: 0, finish: finishOf(response, kinds) }, { type: "end" })
    ended = true
  }

  function read(block: Buffer): void {
    for (const { data } of splitEvents(block)) {
      if (ended || failure) return
      if (data === undefined || data === "" || data === "[DONE]") continue
      const event = parseEvent(data)
      // Some servers send an error as it would be in a body.
      const type = text(event["type"]) ?? (event["error"] ? "error" : "")
      follow(event, type)
    }
  }

  function take(block: Buffer | undefined): readonly CanonicalEvent[] {
    if (failure) throw failure
    try {
      if (block) read(block)
    } catch (thrown) {
      const error = thrown instanceof GatewayError ? thrown : tooLarge(thrown)
      if (events.every(({ type }) => type === "start")) throw error
      failure = error
    }
    const taken = events
    events = []
    return taken
  }

  return {
    push(chunk) {
      if (ended) return []
      let block: Buffer | undefined
      try {
        block = cutter.push(chunk)
      } catch (cause) {
        throw tooLarge(cause)
      }
      return take(block)
    },
    end() {
      const last = ended ? [] : take(lastEvent(cutter.end()))
      if (failure) throw failure
      if (!ended) throw truncated(slots.size > 0)
      return last
    },
    get failure() {
      return failure
    },
  }
}

function parseEvent(data: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    value = undefined
  }
  if (isRecord(value)) return value
  throw noEvent(data)
}
