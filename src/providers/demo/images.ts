import { invalid } from "./failure.ts"
import { choiceField, type Json, numberField, stringField } from "./fields.ts"
import { encodePng } from "./png.ts"
import { createdFrom, createRandom, hash } from "./seed.ts"
import { countTokens } from "./tokens.ts"

const DEFAULT_SIZE = "256x256"
const MOST = 2048
const CELLS = 8
const SHADES = 4

/** Answers an image generation request with patterns that belong to the prompt. @throws Refusal */
export function answerImages(body: Json): object {
  const prompt = stringField(body, "prompt")
  const n = numberField(body, "n", { min: 1, max: 10, integer: true }) ?? 1
  const format = choiceField(body, "response_format", ["b64_json", "url"])
  const { width, height } = readSize(body["size"])
  const seed = hash(prompt)
  const data = Array.from({ length: n }, (_, index) => {
    const base64 = Buffer.from(drawPattern(seed + index, width, height)).toString("base64")
    return format === "url" ? { url: `data:image/png;base64,${base64}` } : { b64_json: base64 }
  })
  const input = countTokens(prompt)
  const output = n * Math.ceil((width * height) / 4096)
  const usage = {
    input_tokens: input,
    input_tokens_details: { text_tokens: input, image_tokens: 0 },
    output_tokens: output,
    total_tokens: input + output,
  }
  return {
    created: createdFrom(seed),
    data,
    output_format: "png",
    size: `${width}x${height}`,
    usage,
  }
}

function readSize(size: unknown): { width: number; height: number } {
  const text = size === undefined || size === null || size === "auto" ? DEFAULT_SIZE : size
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(String(text))
  const [width, height] = [Number(match?.[1]), Number(match?.[2])]
  if (!(width >= 1 && height >= 1 && width <= MOST && height <= MOST)) {
    throw invalid("size", `expected auto or WIDTHxHEIGHT, each from 1 to ${MOST}`, size)
  }
  return { width, height }
}

/** A mirrored grid of coloured cells. */
function drawPattern(seed: number, width: number, height: number): Uint8Array {
  const random = createRandom(seed)
  const base = [random(), random(), random()].map((part) => 60 + part * 150)
  const palette = Array.from({ length: SHADES }, (_, shade) => {
    const [red = 0, green = 0, blue = 0] = base.map((part) =>
      Math.round(part + ((245 - part) * shade) / (SHADES - 1)),
    )
    return [red, green, blue] as const
  })
  const cells = Array.from({ length: CELLS * CELLS }, () => Math.floor(random() * SHADES))
  return encodePng(width, height, palette, (x, y) => {
    const column = Math.floor((x * CELLS) / width)
    const row = Math.floor((y * CELLS) / height)
    return cells[row * CELLS + Math.min(column, CELLS - 1 - column)] ?? 0
  })
}
