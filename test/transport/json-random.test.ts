import { describe, expect, test } from "bun:test"
import { scanArray } from "../../src/transport/json-array.ts"
import { parseField, scanObject } from "../../src/transport/json-scan.ts"
import { skipValue } from "../../src/transport/json-skip.ts"
import { spliceObject } from "../../src/transport/json-splice.ts"
import { shortText } from "../../src/transport/short-text.ts"
import { growthOf, LINEAR } from "../support/growth.ts"

const ROUNDS = 3000
const random = seeded(20261121)

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const below = (most: number) => Math.floor(random() * most)
const one = <T>(list: readonly T[]): T => list[below(list.length)]!

/** Parts of strings as they are written: each beginning and end may fall on any byte of a search. */
const WRITTEN = [
  "a",
  "model",
  " ",
  "\\\\",
  '\\"',
  "\\n",
  "\\u0000",
  "\\u00e9",
  "é",
  "日",
  "😀",
  "{",
  "]",
  ",",
  ":",
]
const LONE = "\\ud800"
const SPACES = ["", "", "", " ", "\n", "\t \r\n"]
const NUMBERS = [
  "0",
  "-0",
  "7",
  "-1.5e+10",
  "12345678901234567890",
  "123456789012345",
  "1E400",
  "0.10",
  "9e-3",
]
const KEYS = [
  "a",
  "model",
  "m\\u006fdel",
  "Model",
  "",
  "__proto__",
  "stream_options",
  "\\ud800",
  "ключ",
]

const space = () => one(SPACES)
const string = () =>
  `"${Array.from({ length: below(12) * below(5) }, () => one([...WRITTEN, LONE])).join("")}"`

function value(depth: number): string {
  const pick = below(depth > 0 ? 7 : 5)
  if (pick === 0) return one(NUMBERS)
  if (pick === 1) return one(["true", "false", "null"])
  if (pick < 5) return string()
  if (pick === 5) return list(depth - 1)
  return object(depth - 1)
}

function list(depth: number): string {
  const items = Array.from({ length: below(4) }, () => space() + value(depth) + space())
  return `[${items.join(",") || space()}]`
}

function object(depth: number): string {
  const members = Array.from(
    { length: below(6) },
    () => `${space()}"${one(KEYS)}"${space()}:${space()}${value(depth)}${space()}`,
  )
  return `{${members.join(",") || space()}}`
}

describe("random JSON, oddly spaced and escaped, with names that come twice", () => {
  test("has the members that JSON.parse finds, each with its last value", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = Buffer.from(space() + object(3) + space())
      const found = new Map<string, unknown>()
      for (const field of scanObject(bytes)!.fields) found.set(field.key, parseField(bytes, field))
      const expected = JSON.parse(bytes.toString()) as object
      expect(found).toEqual(new Map(Object.entries(expected)))
    }
  })

  test("has the elements that JSON.parse finds", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = Buffer.from(list(3))
      const found = scanArray(bytes)!.map((element) => parseField(bytes, { key: "", ...element }))
      expect(found).toEqual(JSON.parse(bytes.toString()) as unknown[])
    }
  })

  test("is no object any more once its end is cut off", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = Buffer.from(object(2))
      expect(scanObject(bytes.subarray(0, below(bytes.length)))).toBeUndefined()
    }
  })

  test("is refused wherever JSON.parse refuses a scalar of it", () => {
    const parts = [
      "-",
      "+",
      "0",
      "1",
      "9",
      ".",
      "e",
      "E",
      "true",
      "fals",
      "e",
      "null",
      "nul",
      "l",
      "x",
    ]
    for (let round = 0; round < ROUNDS * 3; round++) {
      const text = Array.from({ length: 1 + below(5) }, () => one(parts)).join("")
      const bytes = Buffer.from(`{"a":${text}}`)
      expect([text, scanObject(bytes) !== undefined]).toEqual([text, parses(bytes.toString())])
    }
  })

  test("says what is set and no longer what is removed, and keeps every byte of all else", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = Buffer.from(object(2))
      const names = KEYS.map((key) => JSON.parse(`"${key}"`) as string)
      const set = new Map(Array.from({ length: below(3) }, () => [one(names), value(1)]))
      const remove = Array.from({ length: below(3) }, () => one(names))
      const spliced = spliceObject(bytes, { set, remove })
      const expected = new Map(Object.entries(JSON.parse(bytes.toString()) as object))
      for (const name of remove) expected.delete(name)
      for (const [name, json] of set) expected.set(name, JSON.parse(written(json)))
      const result = JSON.parse(spliced.toString()) as object
      expect(new Map(Object.entries(result))).toEqual(expected)
      expect(untouched(spliced, set)).toEqual(
        untouched(bytes, set).filter(([name]) => !remove.includes(name)),
      )
    }
  })
})

/** What a text is after it has become bytes: lone surrogates do not survive that. */
const written = (json: string) => Buffer.from(json).toString()

/** Members that are not set, as they are written. */
function untouched(bytes: Buffer, set: ReadonlyMap<string, string>): [string, string][] {
  return scanObject(bytes)!
    .fields.filter(({ key }) => !set.has(key))
    .map(({ key, start, end }) => [key, bytes.toString("latin1", start, end)])
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe("a string", () => {
  test("ends at the same quote wherever its escapes stand", () => {
    for (let before = 0; before < 40; before++) {
      for (let slashes = 0; slashes < 40; slashes++) {
        const text = `"${"x".repeat(before)}${"\\".repeat(slashes)}"`
        const bytes = Buffer.from(`${text}${"y".repeat(20)}"`)
        expect(skipValue(bytes, 0)).toBe(slashes % 2 === 0 ? text.length : bytes.length)
      }
    }
  })

  test("with bytes that are no UTF-8 is skipped, and a name of them is read as JSON.parse would", () => {
    const bytes = Buffer.from([
      ...Buffer.from('{"a'),
      0xff,
      ...Buffer.from('":"'),
      0xc3,
      ...Buffer.from('"}'),
    ])
    const [field] = scanObject(bytes)!.fields
    expect(field!.key).toBe("a\ufffd")
    expect(parseField(bytes, field!)).toBe("\ufffd")
  })

  test("with a raw control byte is no JSON", () => {
    const bytes = Buffer.from('{"a":"x\u0000"}')
    expect(() => parseField(bytes, scanObject(bytes)!.fields[0]!)).toThrow(SyntaxError)
  })
})

describe("shortText", () => {
  test("gives each text as itself, though many share a place", () => {
    const texts = Array.from({ length: 5000 }, (_, n) => `name-${n * 7919}`)
    for (const text of [...texts, ...texts.toReversed()]) {
      expect(shortText(Buffer.from(`"${text}"`), 1, text.length + 1)).toBe(text)
    }
  })

  test.each(["a\\n", "é", "a\u0000", "\u007f", "x".repeat(33)])("leaves %j to others", (text) => {
    const bytes = Buffer.from(text)
    expect(shortText(bytes, 0, bytes.length)).toBeUndefined()
  })
})

describe("a scan takes as long as the body is", () => {
  const ofText = (text: string) => (size: number) => {
    const bytes = Buffer.from(`{"a":"${text.repeat(size / text.length)}","b":[{}]}`)
    return () => {
      if (scanObject(bytes)!.fields.length !== 2) throw new Error("not found")
    }
  }
  const ofMembers = (size: number) => {
    const members = Array.from({ length: size / 32 }, (_, n) => `"name-${n}":${n}`)
    const bytes = Buffer.from(`{${members.join(",")}}`)
    return () => scanObject(bytes)
  }

  test.each([
    ["base64", ofText("iVBORw0KGgoAAAAN")],
    ["quotes", ofText('\\"')],
    ["backslashes", ofText("\\\\")],
    ["lines", ofText("a line of code\\n")],
    ["members", ofMembers],
  ])("of %s", (_name, work) => {
    expect(growthOf(work, 1 << 16)).toBeLessThan(LINEAR)
  })

  test("and so does a splice of many members that go", () => {
    const work = (size: number) => {
      const members = Array.from({ length: size / 32 }, (_, n) => `"name-${n}":${n}`)
      const bytes = Buffer.from(`{${members.join(",")}}`)
      const remove = Array.from({ length: size / 64 }, (_, n) => `name-${n * 2}`)
      return () => spliceObject(bytes, { set: new Map([["name-1", "0"]]), remove })
    }
    expect(growthOf(work, 1 << 14)).toBeLessThan(LINEAR)
  })
})
