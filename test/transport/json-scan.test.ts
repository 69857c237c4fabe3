import { describe, expect, test } from "bun:test"
import { parseField, scanObject } from "../../src/transport/json-scan.ts"

const bytes = (text: string) => Buffer.from(text)

function members(text: string): Record<string, unknown> | undefined {
  const scan = scanObject(bytes(text))
  if (!scan) return undefined
  return Object.fromEntries(scan.fields.map((field) => [field.key, parseField(bytes(text), field)]))
}

describe("scanObject", () => {
  test.each([
    "{}",
    ' { "a" : 1 } \n',
    '{"a":"x","b":[1,{"c":"]}"}],"d":null}',
    '{"a":"quote \\" and slash \\\\","b":true}',
    '{"a":"\\\\\\"","b":-1.5e+10}',
    '{"ключ":"значение 😀","\\u0061":1}',
    '{"a":{"a":{"a":[[[{}]]]}},"model":"m"}',
  ])("finds the members that JSON.parse finds in %s", (text) => {
    expect(members(text)).toEqual(JSON.parse(text))
  })

  test.each([
    "",
    "[]",
    '"a"',
    "{",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '{"a" 1}',
    "{a:1}",
    '{"a":tru}',
    '{"a":01}',
    '{"a":1}x',
    '{"a":"x}',
    '{"a":[1,2}',
    '{"\\x":1}',
  ])("takes %p for no object", (text) => {
    expect(scanObject(bytes(text))).toBeUndefined()
  })

  test("gives offsets that cut the value out of a larger buffer", () => {
    const text = '  {"x": {"y": "é"} , "model" :"gpt" }'
    const scan = scanObject(bytes(text))!
    const cut = scan.fields.map(({ start, end }) => bytes(text).toString("utf8", start, end))
    expect(cut).toEqual(['{"y": "é"}', '"gpt"'])
  })

  test("goes through a hundred thousand levels without recursion", () => {
    const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)},"model":"m"}`
    expect(scanObject(bytes(deep))?.fields.map(({ key }) => key)).toEqual(["a", "model"])
  })

  test("agrees with JSON.parse on random objects, however they are spaced", () => {
    const random = seeded(7)
    for (let round = 0; round < 500; round++) {
      const value = randomObject(random, 3)
      const text = JSON.stringify(value, null, Math.floor(random() * 3))
      expect(members(text)).toEqual(value)
    }
  })
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const TEXTS = ["", 'a"b', "\\", '\\\\"', "{}", "[1,2]", "line\nbreak", "日本語", "😀", "\u2028"]

function randomValue(random: () => number, depth: number): unknown {
  const pick = Math.floor(random() * (depth > 0 ? 6 : 4))
  if (pick === 0) return TEXTS[Math.floor(random() * TEXTS.length)]
  if (pick === 1) return Math.round((random() - 0.5) * 1e6) / 100
  if (pick === 2) return random() < 0.5
  if (pick === 3) return null
  if (pick === 4) return Array.from({ length: 3 }, () => randomValue(random, depth - 1))
  return randomObject(random, depth - 1)
}

function randomObject(random: () => number, depth: number): Record<string, unknown> {
  const size = Math.floor(random() * 5)
  return Object.fromEntries(
    Array.from({ length: size }, (_, i) => [`k${i}${TEXTS[i]}`, randomValue(random, depth)]),
  )
}
