import { invalid, missing } from "./failure.ts"
import { choiceField, type Json, numberField } from "./fields.ts"
import { wordsOf } from "./hints.ts"
import { hash } from "./seed.ts"
import { countTokens } from "./tokens.ts"

const DIMENSIONS = 1536

/** A unit vector in which texts that share words and parts of words are close. */
export function embed(text: string, dimensions: number): Float32Array {
  const vector = new Float64Array(dimensions)
  const add = (feature: string, weight: number) => {
    const place = hash(feature)
    const at = place % dimensions
    vector[at] = (vector[at] ?? 0) + (place & 0x10000 ? weight : -weight)
  }
  add("", 0.1)
  for (const word of wordsOf(text)) {
    add(word, 1)
    for (let at = 0; at + 3 <= word.length; at++) add(`3:${word.slice(at, at + 3)}`, 0.4)
  }
  const length = Math.hypot(...vector)
  // Features may cancel each other out; a unit vector is promised all the same.
  if (length === 0) vector[0] = 1
  return new Float32Array(vector.map((value) => value / (length || 1)))
}

/** Answers an embeddings request. @throws Refusal */
export function answerEmbeddings(body: Json, model: string): object {
  const inputs = readInputs(body)
  const format = choiceField(body, "encoding_format", ["float", "base64"])
  const dimensions = numberField(body, "dimensions", { min: 1, max: 8192, integer: true })
  const data = inputs.map(({ text }, index) => {
    const vector = embed(text, dimensions ?? DIMENSIONS)
    const embedding =
      format === "float" ? [...vector] : Buffer.from(vector.buffer).toString("base64")
    return { object: "embedding", index, embedding }
  })
  const tokens = inputs.reduce((sum, each) => sum + each.tokens, 0)
  return { object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

function readInputs(body: Json): { text: string; tokens: number }[] {
  const { input } = body
  if (input === undefined || input === null) throw missing("input")
  const list = Array.isArray(input) ? input : [input]
  if (list.length === 0 || input === "") {
    throw invalid("input", "expected something to embed", input, "empty_input")
  }
  const inputs: unknown[] = typeof list[0] === "number" ? [list] : list
  return inputs.map((each) => {
    if (typeof each === "string") return { text: each, tokens: countTokens(each) }
    if (Array.isArray(each) && each.every(Number.isInteger)) {
      return { text: each.map((token) => `token${token}`).join(" "), tokens: each.length }
    }
    throw invalid("input", "expected strings or arrays of token ids", each, "invalid_type")
  })
}
