import { BytePairEncodingCore } from "gpt-tokenizer/BytePairEncodingCore"
import { O200KBase } from "gpt-tokenizer/encodingParams/o200k_base"
// As a file: the package's own module of it, with its bytecode, is three times as large.
import path from "gpt-tokenizer/data/o200k_base.tiktoken" with { type: "file" }
import { readFileSync } from "node:fs"
import { readVocabulary } from "./vocabulary-file.ts"

/** Counts the tokens of a short text. */
export type Tokenizer = (text: string) => number

/** Reads the vocabulary `o200k_base`, which takes a while. */
export function loadTokenizer(): Tokenizer {
  const tokens: (string | number[])[] = []
  for (const [rank, bytes] of readVocabulary(readFileSync(path)).entries()) {
    if (!bytes) continue
    const text = bytes.toString("utf8")
    // Parts of characters are no text.
    const whole = !text.includes("\ufffd") || Buffer.from(text).equals(bytes)
    tokens[rank] = whole ? text : [...bytes]
  }
  const core = new BytePairEncodingCore(O200KBase(tokens))
  // Nothing in a text is a special token, whatever it looks like.
  return (text) => core.countNative(text)
}
