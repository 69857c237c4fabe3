import { unwrapInput } from "../../canonical/custom-input.ts"
import type { CanonicalEvent, Opaque, PartStart } from "../../core/canonical.ts"
import type { Decoding } from "../../core/protocol.ts"
import { isJson } from "../../transport/is-json.ts"
import { raw, RawJson } from "../../transport/json.ts"
import { nativeBlock, redacted } from "./decode-answer.ts"
import { readCitations } from "./decode-text.ts"
import { type Fields, textOf } from "./wire.ts"

/** One block of a streamed message, while it is open. */
export interface StreamedBlock {
  take(delta: Fields): void
  close(): void
  /** It will never be finished. */
  abandon(): void
}

/** Makes parts of blocks, and remembers what an answer has so far. */
export interface BlockDecoder {
  begin(content: Fields): StreamedBlock
  /** What the blocks had to say since the last time. */
  said(): readonly CanonicalEvent[]
  /** Whether something has been said that cannot be taken back: anything but thoughts. */
  readonly answered: boolean
  /** Whether a block has begun at all. */
  readonly begun: boolean
  /** Whether a tool is called. */
  readonly called: boolean
}

/**
 * Characters of a call's arguments that are held back. Most calls are shorter, so that a call whose
 * stream was spliced by a proxy is not seen by anybody; longer ones are not delayed by more.
 */
const HELD = 512

export function createBlockDecoder(decoding: Decoding): BlockDecoder {
  let events: CanonicalEvent[] = []
  let parts = 0
  let answered = false
  let begun = false
  let called = false

  function openPart(start: PartStart): number {
    const part = parts++
    if (start.kind !== "reasoning") answered = true
    events.push({ type: "open", part, choice: 0, start })
    return part
  }

  function closePart(part: number): void {
    events.push({ type: "close", part })
  }

  function say(part: number, text: unknown): number {
    if (typeof text !== "string" || text === "") return 0
    events.push({ type: "delta", part, text })
    return text.length
  }

  function textBlock(content: Fields): StreamedBlock {
    const citations: unknown[] = []
    let part: number | undefined
    let length = 0
    const add = (text: unknown) => {
      if (typeof text !== "string" || text === "") return
      part ??= openPart({ kind: "text" })
      length += say(part, text)
    }
    add(content["text"])
    const close = () => {
      if (part === undefined) return
      for (const annotation of readCitations(citations, length)) {
        events.push({ type: "annotation", part, annotation })
      }
      closePart(part)
    }
    return {
      take(delta) {
        add(delta["text"])
        if (delta["type"] === "citations_delta") citations.push(delta["citation"])
      },
      close,
      abandon: close,
    }
  }

  function thoughts(content: Fields): StreamedBlock {
    let part: number | undefined
    let signature = textOf(content["signature"]) ?? ""
    const add = (text: unknown) => {
      if (typeof text !== "string" || text === "") return
      part ??= openPart({ kind: "reasoning" })
      say(part, text)
    }
    add(content["thinking"])
    const close = () => {
      if (signature) {
        part ??= openPart({ kind: "reasoning" })
        const state: Opaque = { family: decoding.family, kind: "signature", payload: signature }
        events.push({ type: "state", part, state })
      }
      if (part !== undefined) closePart(part)
    }
    return {
      take(delta) {
        add(delta["thinking"])
        if (typeof delta["signature"] === "string") signature += delta["signature"]
      },
      close,
      abandon: close,
    }
  }

  function redactedThoughts(content: Fields): StreamedBlock {
    return {
      take() {},
      close() {
        const state = redacted(content, decoding)
        if (!state) return
        const part = openPart({ kind: "reasoning" })
        events.push({ type: "state", part, state })
        closePart(part)
      },
      abandon() {},
    }
  }

  /** The answer's text, which comes as the arguments of a tool. */
  function schemaCall(content: Fields): StreamedBlock {
    let part: number | undefined
    const add = (text: unknown) => {
      if (typeof text !== "string" || text === "") return
      part ??= openPart({ kind: "text" })
      say(part, text)
    }
    const close = () => {
      if (part === undefined) add(initialInput(content) ?? "{}")
      closePart(part!)
    }
    return {
      take: (delta) => add(delta["partial_json"]),
      close,
      abandon: () => part !== undefined && closePart(part),
    }
  }

  function call(content: Fields): StreamedBlock {
    const sent = textOf(content["name"]) ?? ""
    const custom = decoding.custom.has(sent)
    let held = ""
    let part: number | undefined
    const begin = () => {
      called = true
      part = openPart({
        kind: "tool-call",
        id: textOf(content["id"]) ?? "",
        name: decoding.names.get(sent) ?? sent,
        tool: custom ? "custom" : "function",
      })
      return part
    }
    return {
      take(delta) {
        const text = delta["partial_json"]
        if (typeof text !== "string") return
        if (part !== undefined) say(part, text)
        else {
          held += text
          // Free text is inside the arguments: it is known when they are whole.
          if (custom || held.length <= HELD) return
          say(begin(), held)
        }
      },
      close() {
        if (part === undefined) {
          const args = held.trim() === "" ? (initialInput(content) ?? "{}") : held
          say(begin(), custom ? unwrapInput(args) : args)
        }
        closePart(part!)
      },
      abandon() {
        if (part !== undefined) closePart(part)
      },
    }
  }

  /** What only this protocol has comes in one piece, with the input that was streamed. */
  function native(content: Fields): StreamedBlock {
    let input = ""
    return {
      take(delta) {
        if (typeof delta["partial_json"] === "string") input += delta["partial_json"]
      },
      close() {
        const block = nativeBlock(
          input.trim() !== "" && isJson(input) ? { ...content, input: raw(input) } : content,
        )
        closePart(openPart({ kind: "whole", block }))
      },
      abandon() {},
    }
  }

  return {
    begin(content) {
      begun = true
      switch (content["type"]) {
        case "text":
          return textBlock(content)
        case "thinking":
          return thoughts(content)
        case "redacted_thinking":
          return redactedThoughts(content)
        case "tool_use":
          return content["name"] === decoding.schemaTool ? schemaCall(content) : call(content)
        default:
          return native(content)
      }
    },
    said() {
      const said = events
      events = []
      return said
    },
    get answered() {
      return answered
    },
    get begun() {
      return begun
    },
    get called() {
      return called
    },
  }
}

/** The input that a block began with, where it is not empty: some servers send no deltas. */
function initialInput({ input }: Fields): string | undefined {
  const text = input instanceof RawJson ? input.text : ""
  return /^\{\s*\}$/.test(text) || text === "" ? undefined : text
}
