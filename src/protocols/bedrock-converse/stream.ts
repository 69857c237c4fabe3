import { unwrapInput } from "../../canonical/custom-input.ts"
import type { CanonicalEvent, CanonicalUsage, Opaque, PartStart } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding, StreamDecoder } from "../../core/protocol.ts"
import { awsError } from "../../transport/aws-error.ts"
import { type Frame, FrameCutter } from "../../transport/aws-event-stream.ts"
import { jsonTextOf, parseJson } from "../../transport/json.ts"
import { readCitation } from "./answer.ts"
import { readFinish } from "./finish.ts"
import { isRecord, type JsonRecord, record, text } from "./record.ts"
import { readUsage } from "./usage.ts"

/** A content block that is open. */
interface Open {
  part: number
  kind: "text" | "reasoning" | "call" | "custom" | "image" | "ignored"
  /** Characters of its text so far. */
  length: number
  /** What can only be said when it is whole: free text, a signature, an image. */
  held: string
  /** Encrypted reasoning, decoded: base64 in pieces cannot be joined. */
  redacted: Buffer[]
  format: string
}

/** Members that are kept as the text in which they were written. */
const RAW: ReadonlySet<string> = new Set(["input"])

/** Decodes a ConverseStream answer. */
export function createDecoder(decoding: Decoding): StreamDecoder {
  const cutter = new FrameCutter()
  const blocks = new Map<unknown, Open>()
  let parts = 0
  let begun = false
  let calls = false
  let stopped: JsonRecord | undefined
  let usage: CanonicalUsage | undefined
  let metadata = false
  let over = false

  function open(index: unknown, kind: Open["kind"], start?: PartStart): CanonicalEvent[] {
    const closed = close(index)
    const part = start ? parts++ : -1
    blocks.set(index, { part, kind, length: 0, held: "", redacted: [], format: "" })
    return start ? [...closed, { type: "open", part, choice: 0, start }] : closed
  }

  function close(index: unknown): CanonicalEvent[] {
    const block = blocks.get(index)
    if (!block) return []
    blocks.delete(index)
    const { part, kind, held, redacted } = block
    const events: CanonicalEvent[] = []
    if (kind === "ignored") return events
    if (kind === "image") return image(block)
    if (kind === "custom" && held) events.push({ type: "delta", part, text: unwrapInput(held) })
    if (kind === "reasoning") {
      for (const state of statesOf(held, redacted)) events.push({ type: "state", part, state })
    }
    return [...events, { type: "close", part }]
  }

  function statesOf(signature: string, redacted: readonly Buffer[]): Opaque[] {
    const { family } = decoding
    const states: Opaque[] = []
    if (signature) states.push({ family, kind: "signature", payload: signature })
    if (redacted.length > 0) {
      const payload = Buffer.concat(redacted).toString("base64")
      states.push({ family, kind: "redacted", payload })
    }
    return states
  }

  function image({ held, format }: Open): CanonicalEvent[] {
    if (!held) return []
    const part = parts++
    const source = { type: "base64", data: held } as const
    const block = { type: "media", kind: "image", mime: `image/${format}`, source } as const
    return [
      { type: "open", part, choice: 0, start: { kind: "whole", block } },
      { type: "close", part },
    ]
  }

  function startBlock(event: JsonRecord): CanonicalEvent[] {
    const start = record(event["start"])
    const index = event["contentBlockIndex"]
    if (isRecord(start["toolUse"])) return startCall(index, start["toolUse"])
    if (isRecord(start["image"])) {
      const events = open(index, "image")
      blocks.get(index)!.format = text(start["image"]["format"]) ?? "png"
      return events
    }
    return start["toolResult"] ? open(index, "ignored") : []
  }

  function startCall(index: unknown, call: JsonRecord): CanonicalEvent[] {
    // Something that the provider runs by itself.
    if (call["type"] !== undefined) return open(index, "ignored")
    const sent = text(call["name"]) ?? ""
    if (sent === decoding.schemaTool) return open(index, "text", { kind: "text" })
    calls = true
    const custom = decoding.custom.has(sent)
    return open(index, custom ? "custom" : "call", {
      kind: "tool-call",
      id: text(call["toolUseId"]) ?? "",
      name: decoding.names.get(sent) ?? sent,
      tool: custom ? "custom" : "function",
    })
  }

  /** The block of a delta; text and reasoning may come without a start. */
  function blockFor(index: unknown, kind: "text" | "reasoning"): [Open, CanonicalEvent[]] {
    const block = blocks.get(index)
    if (block?.kind === kind) return [block, []]
    const events = open(index, kind, { kind })
    return [blocks.get(index)!, events]
  }

  function delta(event: JsonRecord): CanonicalEvent[] {
    const value = record(event["delta"])
    const index = event["contentBlockIndex"]
    if (typeof value["text"] === "string") return grow(index, "text", value["text"])
    if (isRecord(value["reasoningContent"])) return reason(index, value["reasoningContent"])
    if (isRecord(value["toolUse"])) return argue(index, value["toolUse"]["input"])
    const block = blocks.get(index)
    if (isRecord(value["citation"]) && block?.kind === "text") {
      const annotation = readCitation(value["citation"], block.length)
      return annotation ? [{ type: "annotation", part: block.part, annotation }] : []
    }
    if (isRecord(value["image"]) && block?.kind === "image") {
      block.held += text(record(value["image"]["source"])["bytes"]) ?? ""
    }
    return []
  }

  function grow(index: unknown, kind: "text" | "reasoning", piece: string): CanonicalEvent[] {
    if (piece === "") return []
    const [block, events] = blockFor(index, kind)
    block.length += piece.length
    return [...events, { type: "delta", part: block.part, text: piece }]
  }

  function reason(index: unknown, content: JsonRecord): CanonicalEvent[] {
    const thoughts = text(content["text"])
    if (thoughts !== undefined) return grow(index, "reasoning", thoughts)
    const signature = text(content["signature"])
    const redacted = text(content["redactedContent"])
    if (!signature && !redacted) return []
    const [block, events] = blockFor(index, "reasoning")
    if (signature) block.held += signature
    if (redacted) block.redacted.push(Buffer.from(redacted, "base64"))
    return events
  }

  function argue(index: unknown, input: unknown): CanonicalEvent[] {
    const block = blocks.get(index)
    const piece = typeof input === "string" ? input : input === undefined ? "" : jsonTextOf(input)
    if (!block || piece === "") return []
    if (block.kind === "custom") block.held += piece
    // The text of an answer that is made by a tool.
    else if (block.kind === "call" || block.kind === "text") {
      return [{ type: "delta", part: block.part, text: piece }]
    }
    return []
  }

  /** What is left to say once the answer and its usage are known, in whichever order they came. */
  function finish(): CanonicalEvent[] {
    over = true
    const closed = [...blocks.keys()].flatMap(close)
    const fields = stopped!["additionalModelResponseFields"]
    return [
      ...closed,
      ...(usage ? [{ type: "usage", usage } as const] : []),
      { type: "finish", choice: 0, finish: readFinish(stopped!["stopReason"], fields, calls) },
      { type: "end" },
    ]
  }

  function follow(frame: Frame): CanonicalEvent[] {
    const type = String(frame.headers.get(":message-type") ?? "event")
    if (type !== "event") throw failure(frame, type)
    const value = record(parse(frame))
    const events: CanonicalEvent[] = begun ? [] : [{ type: "start", id: "", model: "" }]
    begun = true
    switch (frame.headers.get(":event-type")) {
      case "contentBlockStart":
        events.push(...startBlock(value))
        break
      case "contentBlockDelta":
        events.push(...delta(value))
        break
      case "contentBlockStop":
        events.push(...close(value["contentBlockIndex"]))
        break
      case "messageStop":
        stopped = value
        break
      case "metadata":
        metadata = true
        usage = readUsage(value["usage"])
    }
    return stopped && metadata ? [...events, ...finish()] : events
  }

  /** An error behind events that are not said yet waits until they are. */
  let failed: unknown

  return {
    push(chunk) {
      if (failed) throw failed
      if (over) return []
      const events: CanonicalEvent[] = []
      try {
        for (const frame of cutter.push(chunk)) {
          if (over) break
          events.push(...follow(frame))
        }
      } catch (thrown) {
        if (events.length === 0) throw thrown
        failed = thrown
      }
      return events
    },
    end() {
      if (failed) throw failed
      if (over) return []
      if (cutter.broken) throw cutter.broken
      if (stopped && !cutter.pending) return finish()
      const where = parts > 0 ? "in the middle of the answer" : "before any content"
      throw new GatewayError("upstream-truncated", `The upstream's stream ended ${where}.`, {
        code: "upstream_truncated",
      })
    },
    get failure() {
      return failed
    },
  }
}

function parse({ payload }: Frame): unknown {
  if (payload.length === 0) return {}
  try {
    return parseJson(payload.toString("utf8"), RAW)
  } catch (cause) {
    throw new GatewayError("upstream-invalid", "The upstream sent an event that is no JSON.", {
      code: "upstream_invalid",
      cause,
    })
  }
}

/** An exception inside a stream; `error` messages have no payload but say it in their headers. */
function failure(frame: Frame, type: string): GatewayError {
  const header = (name: string) => String(frame.headers.get(name) ?? "")
  if (type === "error") return awsError(header(":error-code"), header(":error-message"), undefined)
  let value: JsonRecord = {}
  try {
    value = record(JSON.parse(frame.payload.toString("utf8")))
  } catch {}
  const message = text(value["message"]) ?? text(value["originalMessage"]) ?? ""
  return awsError(header(":exception-type"), message, undefined)
}
