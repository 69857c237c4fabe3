import { createSequencer } from "../../canonical/sequence.ts"
import type {
  CanonicalEvent,
  CanonicalUsage,
  Finish,
  Opaque,
  PartStart,
} from "../../core/canonical.ts"
import type { AnswerContext, Frame, StreamEncoder } from "../../core/protocol.ts"
import { parseJson, RawJson, writeJson } from "../../transport/json.ts"
import { callId, encodeWhole, messageId } from "./encode-answer.ts"
import { encodeThoughts } from "./encode-state.ts"
import { encodeStreamError } from "./ingress-error.ts"
import { knowsWindows, writeStop } from "./stop.ts"
import { writeUsage } from "./usage.ts"
import { type Fields, sseEvent } from "./wire.ts"
import { utf8 } from "../../transport/utf8.ts"

/** The beginning of each event that goes on with a block. */
const DELTA = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":'
const MOST_FRAMES = 16

type OpenEvent = Extract<CanonicalEvent, { type: "open" }>

/** The part that is open: what it began as, and whether its block has. */
interface OpenPart {
  number: number
  start: PartStart
  begun: boolean
  state: Opaque[]
  attach: "call" | "text" | undefined
}

/**
 * Writes one streamed message. Blocks begin with their first content, since clients send an empty
 * text back and are then refused.
 *
 * https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function createStream(context: AnswerContext): StreamEncoder {
  const sequencer = createSequencer({ spread: true })
  let out = ""
  let id = ""
  let begun = false
  let index = 0
  let part: OpenPart | undefined
  let called = false
  let usage: CanonicalUsage | undefined
  let finish: Finish = { reason: "other" }

  function write(type: string, fields: Fields): void {
    out += sseEvent(type, writeJson({ type, ...fields }))
  }

  /** The message begins late, so that it can tell the tokens of the input where they come first. */
  function begin(): void {
    if (begun) return
    begun = true
    write("message_start", {
      message: {
        id: messageId(id, context.requestId),
        type: "message",
        role: "assistant",
        model: context.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...writeUsage(usage), output_tokens: 0 },
      },
    })
    write("ping", {})
  }

  function startBlock(content_block: Fields | RawJson): void {
    write("content_block_start", { index, content_block })
  }

  /** Written by hand: there is one for every token. */
  function delta(type: string, name: string, value: unknown): void {
    out += `${DELTA}${index},"delta":{"type":"${type}","${name}":${JSON.stringify(value)}}}\n\n`
  }

  function stopBlock(): void {
    write("content_block_stop", { index })
    index++
  }

  function open({ part: number, start }: OpenEvent): void {
    part = { number, start, begun: false, state: [], attach: undefined }
    if (start.kind === "tool-call") {
      called = true
      part.begun = true
      const fallback = `${context.requestId}_${index}`
      startBlock({
        type: "tool_use",
        id: callId(start.id, fallback),
        name: start.name,
        input: {},
      })
      if (start.tool === "custom") delta("input_json_delta", "partial_json", '{"input":"')
    } else if (start.kind === "whole") {
      const block = encodeWhole(start.block)
      if (block) writeWhole(block)
    }
  }

  function writeWhole(block: Fields | RawJson): void {
    const fields = (block instanceof RawJson ? parseJson(block.text, INPUT) : block) as Fields
    const input = fields["input"]
    if (fields["type"] === "text") {
      startBlock({ type: "text", text: "" })
      delta("text_delta", "text", fields["text"])
    } else if (input instanceof RawJson) {
      // Clients read the input of a call from deltas only.
      startBlock({ ...fields, input: {} })
      delta("input_json_delta", "partial_json", input.text)
    } else startBlock(block)
    stopBlock()
  }

  function say(open: OpenPart, text: string): void {
    const { start } = open
    if (text === "") return
    if (start.kind === "tool-call") {
      const partial = start.tool === "custom" ? JSON.stringify(text).slice(1, -1) : text
      delta("input_json_delta", "partial_json", partial)
      return
    }
    const thinks = start.kind === "reasoning"
    if (!open.begun) {
      open.begun = true
      startBlock(thinks ? { type: "thinking", thinking: "", signature: "" } : EMPTY_TEXT)
    }
    if (thinks) delta("thinking_delta", "thinking", text)
    else delta("text_delta", "text", text)
  }

  function close(open: OpenPart): void {
    const { start } = open
    if (start.kind === "reasoning") closeThoughts(open)
    else if (open.begun) {
      if (start.kind === "tool-call" && start.tool === "custom") {
        delta("input_json_delta", "partial_json", '"}')
      }
      stopBlock()
    }
    part = undefined
  }

  function closeThoughts({ begun: said, state, attach }: OpenPart): void {
    const [first, ...others] = encodeThoughts(said ? " " : "", state, attach)
    if (said) {
      delta("signature_delta", "signature", first!["signature"])
      stopBlock()
    }
    for (const block of said ? others : [first, ...others]) {
      if (!block) continue
      const { signature, ...bare } = block
      if (signature === undefined) startBlock(block)
      else {
        startBlock({ ...bare, signature: "" })
        delta("signature_delta", "signature", signature)
      }
      stopBlock()
    }
  }

  function end(): void {
    const stop = writeStop(finish, called, knowsWindows(context.head.headers))
    begin()
    write("message_delta", { delta: stop, usage: writeUsage(usage) })
    write("message_stop", {})
  }

  function take(event: CanonicalEvent): void {
    switch (event.type) {
      case "start":
        id = event.id
        return
      case "usage":
        usage = event.usage
        return
      case "finish":
        if (event.choice === 0) finish = event.finish
        return
      case "end":
        end()
        return
      case "open":
        begin()
        open(event)
        return
    }
    if (!part || part.number !== event.part) return
    if (event.type === "delta") say(part, event.text)
    else if (event.type === "close") close(part)
    else if (event.type === "state") {
      part.state.push(event.state)
      part.attach = event.attach
    }
  }

  return {
    push(event) {
      // There is one answer here; requests for more have been refused.
      if (event.type === "open" && event.choice !== 0) return undefined
      for (const each of sequencer.push(event)) take(each)
      if (out === "") return undefined
      const bytes = utf8(out)
      out = ""
      return bytes
    },
    frame(number) {
      if (!part?.begun || part.start.kind !== "text") return undefined
      return sequencer.current(number) === part.number ? frameOf(index) : undefined
    },
    fail: (error) => encodeStreamError(error, context.requestId),
  }
}

/** Those of the first texts, which most answers have no others of; shared by all streams. */
const frames: Frame[] = []

function frameOf(index: number): Frame {
  const known = frames[index]
  if (known) return known
  const frame = {
    before: Buffer.from(`${DELTA}${index},"delta":{"type":"text_delta","text":"`),
    after: Buffer.from('"}}\n\n'),
  }
  if (index === frames.length && index < MOST_FRAMES) frames.push(frame)
  return frame
}

const INPUT: ReadonlySet<string> = new Set(["input"])

const EMPTY_TEXT: Fields = { type: "text", text: "" }
