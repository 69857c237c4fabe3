import { describe, expect, test } from "bun:test"
import { guessTokens } from "../../src/gateway/body-tokens.ts"
import { growthOf, LINEAR } from "../support/growth.ts"

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
const PNG = `${"iVBORw0KGgoAAAANSUhEUgAABAAAAAQACAYAAAB"}${"A".repeat(400_000)}`
const PDF = `JVBERi0xLjQKJcOkw7zDtsOf${"A".repeat(400_000)}`
const WAV = `UklGRiQAAABXQVZFZm10IBAAAAABAAEA${"A".repeat(400_000)}`
const TEXT = "Some words that stand for a prompt. ".repeat(200)

describe("tokens guessed from a body", () => {
  test("are a quarter of its bytes where it is text", () => {
    expect(guessTokens(bytes({ a: TEXT }))).toBe(Math.ceil(bytes({ a: TEXT }).length / 4))
    expect(guessTokens(Buffer.from(""))).toBe(0)
  })

  test.each([
    ["a data URL", { text: TEXT, image_url: { url: `data:image/png;base64,${PNG}` } }],
    ["bare data", { text: TEXT, source: { media_type: "image/png", data: PNG } }],
    ["bare data, first", { source: { data: PNG }, text: TEXT }],
  ])("count an image by what it is: %s", (_name, body) => {
    const text = TEXT.length / 4
    // 1024 x 1024 pixels.
    expect(guessTokens(bytes(body))).toBeGreaterThan(text + 1000)
    expect(guessTokens(bytes(body))).toBeLessThan(text + 2000)
    expect(guessTokens(Buffer.from(JSON.stringify(body, null, 4)))).toBeLessThan(text + 2000)
  })

  test("count a PDF by its likely pages, and sound by its likely seconds", () => {
    const document = guessTokens(bytes({ data: PDF }))
    expect(document).toBeGreaterThan(8000)
    expect(document).toBeLessThan(20_000)
    const sound = guessTokens(bytes({ data: WAV }))
    expect(sound).toBeGreaterThan(100)
    expect(sound).toBeLessThan(2000)
  })

  test("count several files, and none of them twice", () => {
    const url = `data:image/png;base64,${PNG}`
    const one = guessTokens(bytes({ data: url }))
    expect(one).toBeLessThan(2000)
    const many = guessTokens(bytes([{ data: url }, { data: PNG }, { image_url: url }]))
    expect(many).toBeGreaterThan(3 * 1300)
    expect(many).toBeLessThan(3 * 2000)
  })

  test("take long text for text, also where it is called data", () => {
    const body = bytes({ data: TEXT, note: `base64,${TEXT}` })
    expect(guessTokens(body)).toBe(Math.ceil(body.length / 4))
  })

  test("are those of its file where it is a form", () => {
    const form = `--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n${WAV}\r\n--b--`
    expect(guessTokens(Buffer.from(form))).toBeLessThan(1000)
  })

  test("survive what is cut off", () => {
    for (const end of ['"data"', '"data":', '"data":"', "base64,", `"data":"${PNG}`]) {
      const body = Buffer.from(`${TEXT}${end}`)
      expect(guessTokens(body)).toBeGreaterThan(0)
    }
  })

  test.each([
    ["files", (size: number) => `{"data":"${"A".repeat(2000)}"}`.repeat(size / 100)],
    ["marks without files", (size: number) => '"data" base64,'.repeat(size)],
    ["marks in one string", (size: number) => `"${"base64,".repeat(size)}"`],
  ])("take linear time: %s", (_name, text) => {
    const guess = (size: number) => {
      const body = Buffer.from(text(size))
      return () => void guessTokens(body)
    }
    expect(growthOf(guess, 20_000)).toBeLessThan(LINEAR)
  })
})
