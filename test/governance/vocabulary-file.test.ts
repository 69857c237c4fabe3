import { expect, test } from "bun:test"
import path from "gpt-tokenizer/data/o200k_base.tiktoken" with { type: "file" }
import { readFileSync } from "node:fs"
import { packVocabulary, readVocabulary } from "../../src/governance/vocabulary-file.ts"

const published = readFileSync(path)

test("a packed vocabulary has the tokens of the published one, at their ranks", () => {
  const tokens = readVocabulary(published)
  const packed = packVocabulary(published.toString("latin1"))
  const again = readVocabulary(Buffer.from(packed))
  expect(tokens.length).toBeGreaterThan(199_000)
  expect(again).toHaveLength(tokens.length)
  expect(again.every((token, rank) => token?.equals(tokens[rank]!) ?? !tokens[rank])).toBe(true)
  expect(packed.length).toBeLessThan(published.length / 4)
})

test("a rank that is left out stays without a token", () => {
  const packed = packVocabulary(`${btoa("a")} 0\n${btoa("b")} 2\n`)
  const [first, none, third] = readVocabulary(Buffer.from(packed))
  expect([String(first), none, String(third)]).toEqual(["a", undefined, "b"])
})

test("tokens may have any bytes", () => {
  const tokens = [[0xff], [0xfe], [0xfe, 0xff, 0x00], [0x00, 0x01, 0xfd]].map((bytes) =>
    Buffer.from(bytes),
  )
  const lines = tokens.map((token, rank) => `${token.toString("base64")} ${rank}\n`)
  expect(readVocabulary(Buffer.from(packVocabulary(lines.join(""))))).toEqual(tokens)
})
