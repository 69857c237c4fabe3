import { invalid, missing } from "./failure.ts"
import { isObject, type Json } from "./fields.ts"
import { wordsOf } from "./hints.ts"
import { hash, idFrom } from "./seed.ts"

/** The categories of OpenAI's moderation and a few words that set them off here. */
const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  harassment: ["idiot", "stupid", "loser"],
  "harassment/threatening": [],
  hate: ["hate"],
  "hate/threatening": [],
  illicit: ["launder", "counterfeit"],
  "illicit/violent": ["bomb"],
  "self-harm": ["suicide"],
  "self-harm/intent": [],
  "self-harm/instructions": [],
  sexual: ["porn"],
  "sexual/minors": [],
  violence: ["kill", "murder", "bomb", "attack"],
  "violence/graphic": ["gore"],
}

/** Answers a moderation request from a short list of words; no judgement, but always the same. */
export function answerModeration(body: Json, model: string): object {
  const { input } = body
  if (input === undefined || input === null) throw missing("input")
  const list: unknown[] = Array.isArray(input) ? input : [input]
  const parts = list.some(isObject) ? [list.map(textOf).join(" ")] : list.map(textOf)
  const results = parts.map((text) => {
    const said = new Set(wordsOf(text))
    const hits = Object.entries(CATEGORIES).map(
      ([name, words]) => [name, words.some((word) => said.has(word))] as const,
    )
    return {
      flagged: hits.some(([, hit]) => hit),
      categories: Object.fromEntries(hits),
      category_scores: Object.fromEntries(hits.map(([name, hit]) => [name, hit ? 0.97 : 0.0001])),
      category_applied_input_types: Object.fromEntries(
        hits.map(([name]) => [name, ["text"]] as const),
      ),
    }
  })
  return { id: idFrom("modr-", hash(parts.join("\n"))), model, results }
}

function textOf(part: unknown): string {
  if (typeof part === "string") return part
  if (isObject(part)) return typeof part["text"] === "string" ? part["text"] : ""
  throw invalid("input", "expected a string, strings or content parts", part, "invalid_type")
}
