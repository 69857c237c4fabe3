import { describe, expect, test } from "bun:test"
import {
  countAlike,
  type EventShape,
  freeMembers,
  learnShape,
  wordsOf,
} from "../../src/transport/event-shape.ts"

const FREE = freeMembers(["content", "obfuscation"], ["sequence_number"])

/** One event with a text, a number and padding. */
function event(content: string, number = 1, padding = "x", id = "a"): string {
  const data = { id, sequence_number: number, delta: { content }, obfuscation: padding }
  return `data: ${JSON.stringify(data)}\n\n`
}

const learned = (text = event("Hello")) => learnShape(Buffer.from(text), FREE)

const count = (shape: EventShape | undefined, text: string) => countAlike(shape, Buffer.from(text))

describe("an event that differs in nothing but its free members", () => {
  test.each([
    ["its text", event("world")],
    ["an empty text", event("")],
    ["a text with quotes and backslashes", event('a "quoted" \\ word\\')],
    ["a text with line ends", event("one\ntwo\r\n\r\nthree")],
    ["a text that looks like an event", event('"},"finish_reason":"stop"}\n\ndata: [DONE]\n\n')],
    ["a text beyond Latin", event("日本語 🚀")],
    ["its number", event("Hello", 123_456)],
    ["its padding", event("Hello", 1, "a much longer padding")],
    ["all of them", event("Bye", 2, "")],
  ])("is of the same shape: %s", (_what, text) => {
    expect(count(learned(), text)).toBe(1)
  })

  test("is counted with all others in its block", () => {
    expect(count(learned(), event("a") + event("b", 2) + event("c", 3))).toBe(3)
  })

  test("is known by the last event of the block that was learned", () => {
    const shape = learned(`: keepalive\n\n${event("a", 1, "", "b")}${event("Hello")}`)
    expect(count(shape, event("world"))).toBe(1)
  })
})

describe("a block is of no known shape", () => {
  test.each([
    ["when another member differs", event("Hello", 1, "x", "b")],
    ["when a member is added", event("Hello").replace('"}\n', '","usage":{}}\n')],
    [
      "when a member is added behind the event's end",
      `${event("Hello").slice(0, -2)} {"error":1}\n\n`,
    ],
    ["when one of several events differs", event("a") + event("b", 2, "", "b") + event("c")],
    ["when something follows it", `${event("a")}data: [DONE]\n\n`],
    ["when it is cut off anywhere", event("Hello").slice(0, -1)],
    ["when it is cut off inside a text", event("Hello").slice(0, event("Hello").indexOf("llo"))],
    ["when a line ends inside a text", event("Hello").replace("Hello", "Hel\nlo")],
    ["when its number is none", event("Hello").replace(":1,", ":-1,")],
    ["when its text is none", event("Hello").replace('"Hello"', "null")],
    ["when it is a comment", ": keepalive\n\n"],
    ["when it is empty", ""],
  ])("%s", (_when, text) => {
    expect(count(learned(), text)).toBe(0)
  })

  test("before one was learned, and where nothing is free", () => {
    expect(count(undefined, event("Hello"))).toBe(0)
    expect(count(learned(": keepalive\n\n"), ": keepalive\n\n")).toBe(0)
  })
})

test("what was learned is kept when the block's memory is used again", () => {
  const block = Buffer.from(event("Hello"))
  const shape = learnShape(block, FREE)
  block.fill(0)
  expect(count(shape, event("world"))).toBe(1)
})

describe("what events say", () => {
  const texts = (shape: EventShape | undefined, text: string) => wordsOf(shape, Buffer.from(text))

  test.each(["", "world", 'a "quoted" \\ word', "日本語 🚀\n", "\ud83d"])("is read: %j", (text) => {
    expect(texts(learned(), event(text) + event("more", 2))).toEqual([text, "more"])
  })

  test("is not read where an escape is none, which is for others to complain of", () => {
    expect(texts(learned(), event("ab").replace("ab", "\\q"))).toBeUndefined()
  })

  test("is not read where it is said twice, or not at all", () => {
    const twice = `data: {"content":"a","delta":{"content":"b"},"sequence_number":1}\n\n`
    expect(texts(learned(twice), twice)).toBeUndefined()
    const silent = `data: {"sequence_number":1}\n\n`
    expect(count(learned(silent), silent)).toBe(1)
    expect(texts(learned(silent), silent)).toBeUndefined()
  })
})

test("only the named part of a block counts", () => {
  const block = Buffer.from(`9b\r\n${event("a")}${event("b")}\r\n`)
  const end = 4 + event("a").length
  expect(countAlike(learned(), block, 4, end)).toBe(1)
  expect(countAlike(learned(), block, 4, block.length - 2)).toBe(2)
  expect(countAlike(learned(), block, 4, end - 1)).toBe(0)
  expect(countAlike(learned(), block, 4, end + 1)).toBe(0)
})
