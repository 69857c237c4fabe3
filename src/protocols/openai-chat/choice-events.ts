import type { Annotation, CanonicalEvent, PartStart, TokenLogprob } from "../../core/canonical.ts"
import type { Decoding } from "../../core/protocol.ts"
import { type CallAssembly, createCallAssembly } from "./call-assembly.ts"
import { annotate, type Citation } from "./citations.ts"
import { decodeMediaParts } from "./decode-media.ts"
import { thinkingText } from "./decode-parts.ts"
import { createDetailsMerge, type DetailsMerge } from "./details-merge.ts"
import { DETAILS, PLAIN } from "./encode-history-reasoning.ts"
import { type Json, listOf, recordOf, recordsOf, textOf } from "./json-values.ts"
import { OpenText } from "./open-text.ts"
import { createTagSplitter } from "./think-tags.ts"
import { isRecord } from "../../canonical/record.ts"

/** What a choice needs of the answer around it. */
export interface ChoiceSurroundings {
  choice: number
  decoding: Decoding
  nextPart(): number
  makeId(position: number): string
}

/** Reads the deltas of one choice; a whole message is one delta. */
export interface ChoiceEvents {
  push(delta: Json, logprobs: unknown): CanonicalEvent[]
  /** @param citations pages that `[1]` and so on stand for */
  finish(citations: readonly Citation[]): CanonicalEvent[]
  /** Whether the caller's tools are called. */
  readonly calls: boolean
  /** Whether anything was said at all. */
  readonly said: boolean
  /** Whether there was a refusal. */
  readonly refused: boolean
  /** The text that is being said, where further content is only more of it. */
  readonly openText: OpenText | undefined
}

/** A part that is open, of which there is one at a time beside the calls. */
interface OpenPart {
  number: number
  kind: "text" | "refusal" | "reasoning"
  text: OpenText
}

export function createChoiceEvents(surroundings: ChoiceSurroundings): ChoiceEvents {
  const { choice, decoding } = surroundings
  // Made when there are any, which most answers have none of.
  let calls: CallAssembly | undefined
  let details: DetailsMerge | undefined
  const tags = decoding.thinkTags ? createTagSplitter() : undefined
  let open: OpenPart | undefined
  let said = false
  let refused = false
  /** Characters of content before the open part. */
  let before = 0
  let events: CanonicalEvent[] = []

  function begin(kind: OpenPart["kind"]): OpenPart {
    if (open?.kind === kind) return open
    end()
    said = true
    const start: PartStart = { kind }
    open = { number: surroundings.nextPart(), kind, text: new OpenText() }
    events.push({ type: "open", part: open.number, choice, start })
    return open
  }

  function end(): void {
    if (!open) return
    const { number: part, kind, text } = open
    if (kind === "reasoning") sayState(part)
    if (kind === "text") before += text.text.length
    events.push({ type: "close", part })
    open = undefined
  }

  function sayState(part: number): void {
    const { family } = decoding
    const payload = details?.take()
    if (family === "") return
    if (payload !== undefined) {
      events.push({ type: "state", part, state: { family, kind: DETAILS, payload } })
    } else {
      events.push({ type: "state", part, state: { family, kind: PLAIN, payload: "" } })
    }
  }

  function say(kind: OpenPart["kind"], text: string): void {
    if (text === "") return
    const part = begin(kind)
    if (kind === "text") part.text.add(text)
    events.push({ type: "delta", part: part.number, text })
  }

  function sayText(text: string): void {
    if (!tags) say("text", text)
    else for (const piece of tags.push(text)) say(piece.thought ? "reasoning" : "text", piece.text)
  }

  function takeReasoning(delta: Json): void {
    const entries = recordsOf(delta["reasoning_details"])
    if (entries.length > 0) details ??= createDetailsMerge()
    const shown = details?.push(entries) ?? ""
    const plain = textOf(delta["reasoning_content"]) ?? textOf(delta["reasoning"]) ?? ""
    // Both say the same; entries without text still belong to a thought.
    if (entries.length > 0) begin("reasoning")
    say("reasoning", plain || shown)
  }

  function takeContent(content: unknown): void {
    if (typeof content === "string") {
      sayText(content)
      return
    }
    for (const part of recordsOf(content)) {
      if (part["type"] === "thinking") say("reasoning", thinkingText(part["thinking"]))
      else if (typeof part["text"] === "string") sayText(part["text"])
    }
    for (const block of decodeMediaParts({ images: content })) whole(block)
  }

  function whole(block: Extract<PartStart, { kind: "whole" }>["block"]): void {
    end()
    said = true
    const part = surroundings.nextPart()
    events.push({ type: "open", part, choice, start: { kind: "whole", block } })
    events.push({ type: "close", part })
  }

  function takeCalls(delta: Json): void {
    const legacy = delta["function_call"]
    const pieces = recordsOf(delta["tool_calls"])
    if (isRecord(legacy)) pieces.push({ index: 0, function: legacy })
    if (pieces.length === 0) return
    end()
    said = true
    calls ??= createCallAssembly(surroundings)
    events.push(...calls.push(pieces))
  }

  function takeLogprobs(logprobs: unknown): void {
    const tokens = recordsOf(recordOf(logprobs)["content"]).map(readLogprob)
    if (tokens.length > 0 && open?.kind === "text") {
      events.push({ type: "logprobs", part: open.number, logprobs: tokens })
    }
  }

  function takeAnnotations(delta: Json): void {
    for (const entry of recordsOf(delta["annotations"])) {
      const annotation = readAnnotation(entry)
      if (!annotation || open?.kind !== "text") continue
      const start = Math.max(0, annotation.start - before)
      const stop = Math.max(start, annotation.end - before)
      events.push({
        type: "annotation",
        part: open.number,
        annotation: { ...annotation, start, end: stop },
      })
    }
  }

  function cite(citations: readonly Citation[]): void {
    if (open?.kind !== "text") return
    for (const annotation of annotate(open.text.text, citations)) {
      events.push({ type: "annotation", part: open.number, annotation })
    }
  }

  function drained(): CanonicalEvent[] {
    const drained = events
    events = []
    return drained
  }

  return {
    push(delta, logprobs) {
      // Most deltas have one member; looking for all others would be most of the work.
      if (delta["reasoning_content"] || delta["reasoning"] || delta["reasoning_details"]) {
        takeReasoning(delta)
      }
      if (delta["content"]) takeContent(delta["content"])
      if (delta["refusal"]) {
        refused = true
        say("refusal", textOf(delta["refusal"]) ?? "")
      }
      if (delta["annotations"]) takeAnnotations(delta)
      if (logprobs) takeLogprobs(logprobs)
      if (delta["images"] || delta["audio"])
        for (const block of decodeMediaParts(delta)) whole(block)
      if (delta["tool_calls"] || delta["function_call"]) takeCalls(delta)
      return drained()
    },
    finish(citations) {
      for (const piece of tags?.end() ?? []) say(piece.thought ? "reasoning" : "text", piece.text)
      cite(citations)
      end()
      if (calls) events.push(...calls.finish())
      return drained()
    },
    get calls() {
      return calls?.any === true
    },
    get refused() {
      return refused
    },
    get said() {
      return said
    },
    get openText() {
      return open?.kind === "text" && (!tags || tags.done) ? open.text : undefined
    },
  }
}

function readAnnotation(entry: Json): Annotation | undefined {
  const fields = recordOf(entry["url_citation"])
  const url = textOf(fields["url"])
  if (url === undefined) return undefined
  const title = textOf(fields["title"])
  return {
    type: "url",
    url,
    ...(title !== undefined && { title }),
    start: Number(fields["start_index"] ?? 0),
    end: Number(fields["end_index"] ?? 0),
  }
}

function readLogprob(entry: Json): TokenLogprob {
  return { ...bareLogprob(entry), top: recordsOf(entry["top_logprobs"]).map(bareLogprob) }
}

function bareLogprob(entry: Json): Omit<TokenLogprob, "top"> {
  const bytes = entry["bytes"]
  return {
    token: textOf(entry["token"]) ?? "",
    logprob: Number(entry["logprob"] ?? 0),
    ...(Array.isArray(bytes) && { bytes: listOf(bytes).map(Number) }),
  }
}
