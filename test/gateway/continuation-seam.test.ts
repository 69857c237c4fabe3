import { describe, expect, test } from "bun:test"
import { createCollector, eventsOf } from "../../src/canonical/answer.ts"
import { createSeam } from "../../src/gateway/continuation/seam.ts"
import { createVoice, type Voice } from "../../src/gateway/continuation/voice.ts"
import type { Block, CanonicalEvent, CanonicalUsage } from "../../src/core/canonical.ts"
import { NO_USAGE } from "../../src/core/usage.ts"

const usage: CanonicalUsage = { input: 10, output: 5, cacheRead: 1, cacheWrite: 2, reasoning: 3 }
const text = (text: string): Block => ({ type: "text", text })
const thoughts = (text: string): Block => ({ type: "reasoning", text, state: [] })

/** The stream of an answer, with its texts in pieces. */
function streamOf(blocks: readonly Block[], size = 3): CanonicalEvent[] {
  const answer = {
    id: "a",
    model: "m",
    usage,
    choices: [{ index: 0, blocks, finish: { reason: "end" as const } }],
  }
  return eventsOf(answer).flatMap((event) => {
    if (event.type !== "delta") return [event]
    const pieces: CanonicalEvent[] = []
    for (let at = 0; at < event.text.length; at += size) {
      pieces.push({ ...event, text: event.text.slice(at, at + size) })
    }
    return pieces
  })
}

/** A voice whose client puts the answer together, and checks that parts are opened and closed in order. */
function listener() {
  const collector = createCollector()
  const open = new Set<number>()
  const known = new Set<number>()
  let starts = 0
  const voice = createVoice({
    push(event) {
      collector.push(event)
      if (event.type === "start") starts++
      if (event.type === "open") {
        expect(known.has(event.part)).toBe(false)
        known.add(event.part)
        open.add(event.part)
      } else if ("part" in event) expect(open.has(event.part)).toBe(true)
      if (event.type === "close") open.delete(event.part)
      return undefined
    },
    fail: () => new Uint8Array(),
  })
  return {
    voice,
    blocks() {
      expect(open.size).toBe(0)
      expect(starts).toBe(1)
      return collector.answer().choices[0]!.blocks
    },
    usage: () => collector.answer().usage,
  }
}

function goOn(voice: Voice, events: readonly CanonicalEvent[], spent = NO_USAGE): void {
  const seam = createSeam({ voice, anchor: undefined, spent })
  // The upstream is chosen at its first content, in the middle of its stream.
  for (const event of events.slice(0, 3)) seam.push(event)
  seam.open()
  for (const event of events.slice(3)) seam.push(event)
}

const textIn = (blocks: readonly Block[]) =>
  blocks.map((block) => (block.type === "text" ? block.text : "")).join("")
const said = (events: readonly CanonicalEvent[], kind: string) => {
  const parts = new Set(
    events.flatMap((event) =>
      event.type === "open" && event.start.kind === kind ? event.part : [],
    ),
  )
  return events
    .map((event) => (event.type === "delta" && parts.has(event.part) ? event.text : ""))
    .join("")
}

/** White space that both have is heard once. */
const spacedOnce = (text: string) => text.replaceAll("  ", " ")

const FIRST = streamOf([
  thoughts("Let me think about it."),
  text("Once upon a time there was a fox"),
])
const SECOND = streamOf([
  thoughts("What came before?"),
  text(" who jumped over dogs."),
  text(" Bye."),
])
/** The end of a stream that can no longer be gone on with. */
const END = FIRST.findIndex(({ type }) => type === "finish")

describe("an answer that breaks off behind any of its events", () => {
  test.each(FIRST.slice(1, END + 1).map((_, at) => at + 1))("is one answer: %d", (count) => {
    const { voice, blocks } = listener()
    const before = FIRST.slice(0, count)
    for (const event of before) voice.push(event)
    expect(voice.unfinished).toBe(true)
    goOn(voice, SECOND)
    const all = blocks()
    const begun = said(before, "text") !== ""
    expect(textIn(all)).toBe(spacedOnce(`${said(before, "text")} who jumped over dogs. Bye.`))
    const thought = all.map((block) => (block.type === "reasoning" ? block.text : "")).join("")
    // Thoughts about an answer that has begun are nobody's.
    expect(thought).toBe(said(before, "reasoning") + (begun ? "" : "What came before?"))
    expect(voice.unfinished).toBe(false)
  })

  test("is gone on with in the same part", () => {
    const { voice, blocks } = listener()
    for (const event of FIRST.slice(0, END - 3)) voice.push(event)
    goOn(voice, SECOND)
    expect(blocks().map(({ type }) => type)).toEqual(["reasoning", "text", "text"])
  })

  test("and again is one answer, with what all have used", () => {
    for (let count = 3; count < SECOND.length - 3; count++) {
      const { voice, blocks, usage: told } = listener()
      const before = FIRST.slice(0, END - 3)
      const between = SECOND.slice(0, count)
      for (const event of before) voice.push(event)
      goOn(voice, between)
      const heard = said(before, "text") + said(between, "text")
      goOn(voice, streamOf([text(" The end.")]), { ...NO_USAGE, input: 7, output: 9 })
      expect(textIn(blocks())).toBe(spacedOnce(`${heard} The end.`))
      expect(told()).toMatchObject({ input: 17, output: 14, cacheRead: 1, reasoning: 3 })
    }
  })
})

describe("nobody goes on", () => {
  const call: Block = { type: "tool-call", id: "c", name: "f", kind: "function", args: "{}" }
  const CASES: Record<string, CanonicalEvent[]> = {
    "with a call": streamOf([text("Well."), call]).slice(0, -3),
    "with a refusal": streamOf([{ type: "refusal", text: "No." }]).slice(0, -3),
    "behind the end": FIRST.slice(0, END + 1),
    "with one of several answers": [{ type: "open", part: 0, choice: 1, start: { kind: "text" } }],
    "with more than a million characters": [
      { type: "open", part: 0, choice: 0, start: { kind: "text" } },
      { type: "delta", part: 0, text: "x".repeat(1_000_001) },
    ],
  }
  test.each(Object.keys(CASES))("%s", (name) => {
    const { voice } = listener()
    for (const event of CASES[name]!) voice.push(event)
    expect(voice.unfinished).toBe(false)
  })
})

test("a call behind the text closes the text first", () => {
  const { voice, blocks } = listener()
  for (const event of FIRST.slice(0, END - 3)) voice.push(event)
  const call: Block = { type: "tool-call", id: "c", name: "f", kind: "function", args: '{"a":1}' }
  goOn(voice, streamOf([call]))
  expect(blocks().map(({ type }) => type)).toEqual(["reasoning", "text", "tool-call"])
  expect(blocks().at(-1)).toEqual(call)
})

test("an upstream that has nothing to add ends the answer", () => {
  const { voice, blocks } = listener()
  const before = FIRST.slice(0, END - 3)
  for (const event of before) voice.push(event)
  goOn(voice, streamOf([]))
  expect(textIn(blocks())).toBe(said(before, "text"))
})

test("what is not chosen is not heard", () => {
  const { voice } = listener()
  for (const event of FIRST.slice(0, END - 3)) voice.push(event)
  const { bytes, parts } = voice
  const seam = createSeam({ voice, anchor: undefined, spent: NO_USAGE })
  for (const event of SECOND) seam.push(event)
  expect([voice.bytes, voice.parts, voice.unfinished]).toEqual([bytes, parts, true])
})
