import type { CanonicalEvent } from "../../core/canonical.ts"
import type { StreamEncoder } from "../../core/protocol.ts"
import type { Usage } from "../../core/usage.ts"
import { createJoint, type Joint } from "./joint.ts"
import type { Voice } from "./voice.ts"

type PartEvent = Extract<CanonicalEvent, { part: number }>

/** The encoder of an upstream that goes on with an answer. */
export interface Seam extends StreamEncoder {
  /** The upstream was chosen: what it has said so far. Until then nothing of it is heard. */
  open(): Uint8Array | undefined
}

export interface SeamOptions {
  voice: Voice
  /** Words that the upstream was asked to begin with. */
  anchor: string | undefined
  /** What those before it have used. */
  spent: Usage
}

/**
 * Fits the events of the next upstream to what was said. Its first text goes on with the last one; its
 * thoughts are left out, since they are about an answer that has begun. Where nothing but thoughts was
 * said, its answer is a whole one, and all of it is heard.
 */
export function createSeam({ voice, anchor, spent }: SeamOptions): Seam {
  let waiting: CanonicalEvent[] | undefined = []
  let offset = 0
  /** The client's part that was open, until it is clear who goes on with it. */
  let left: number | undefined
  /** Whether the answer itself had begun, and whether the upstream has gone on with it. */
  let begun = false
  let resumed = false
  /** The upstream's part that goes on with the answer, and the client's. */
  let joined: { part: number; own: number; joint: Joint } | undefined
  const silent = new Set<number>()
  const out: Uint8Array[] = []

  function say(event: CanonicalEvent): void {
    const bytes = voice.push(event)
    if (bytes) out.push(bytes)
  }

  function written(): Uint8Array | undefined {
    return out.length === 0 ? undefined : Buffer.concat(out.splice(0))
  }

  function begin(): void {
    const { texts, openText, openParts, parts } = voice
    begun = texts.some((text) => text.trim() !== "")
    offset = parts
    left = texts.length > 0 ? openText : undefined
    for (const part of openParts) if (part !== left) say({ type: "close", part })
  }

  function leave(): void {
    if (left !== undefined) say({ type: "close", part: left })
    left = undefined
  }

  function end(): void {
    if (!joined) return
    const { own: part, joint } = joined
    const text = joint.end()
    if (text) say({ type: "delta", part, text })
    say({ type: "close", part })
    joined = undefined
  }

  function open(event: Extract<PartEvent, { type: "open" }>): void {
    const { part, start } = event
    if (start.kind === "reasoning" && begun) {
      silent.add(part)
      return
    }
    if (start.kind === "text" && !resumed) {
      resumed = true
      const same = left !== undefined
      const own = left ?? offset + part
      left = undefined
      if (!same) say({ ...event, part: own })
      const before = voice.texts.at(-1) ?? ""
      joined = { part, own, joint: createJoint({ before, same, anchor }) }
      return
    }
    leave()
    say({ ...event, part: offset + part })
  }

  function take(event: CanonicalEvent): void {
    switch (event.type) {
      case "start":
        return
      case "usage": {
        const { usage } = event
        say({
          type: "usage",
          usage: {
            ...usage,
            input: usage.input + spent.input,
            output: usage.output + spent.output,
            cacheRead: usage.cacheRead + spent.cacheRead,
            cacheWrite: usage.cacheWrite + spent.cacheWrite,
            reasoning: usage.reasoning + spent.reasoning,
          },
        })
        return
      }
      case "finish":
        end()
        leave()
        say(event)
        return
      case "end":
        say(event)
        return
      case "open":
        open(event)
        return
    }
    if (silent.has(event.part)) return
    if (event.part !== joined?.part) say({ ...event, part: offset + event.part })
    else if (event.type === "close") end()
    else if (event.type === "delta") {
      const text = joined.joint.push(event.text)
      if (text) say({ type: "delta", part: joined.own, text })
    }
    // What else belongs to the text counts its characters, or signs it as it was.
  }

  return {
    push(event) {
      if (waiting) {
        waiting.push(event)
        return undefined
      }
      take(event)
      return written()
    },
    open() {
      const events = waiting ?? []
      waiting = undefined
      begin()
      for (const event of events) take(event)
      return written()
    },
    fail: (error) => voice.fail(error),
    get answer() {
      return voice.answer
    },
  }
}
