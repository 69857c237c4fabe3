import { thinks } from "../../canonical/needs.ts"
import type { CanonicalRequest, TextBlock, Turn } from "../../core/canonical.ts"
import type { Capabilities } from "../../core/capabilities.ts"

/** Characters of the last words that a model is asked to begin with. */
const LAST_WORDS = 60
/** Fewer of them could be anywhere. */
const LEAST_WORDS = 16
/** Tokens that are left for the rest at least: one vendor takes no fewer. */
const LEAST_TOKENS = 16

/** What was said of an answer that broke off. */
export interface Said {
  /** One text a part. */
  texts: readonly string[]
  /** Tokens of it, with its thoughts. */
  tokens: number
}

/** Whether a model goes on with the beginning of an answer by itself. */
export function takesPrefill({ prefill }: Capabilities): boolean {
  return prefill === true
}

/**
 * The caller's request as the next upstream has to see it: with the answer so far, to be gone on with.
 * The same request where nothing of an answer was said.
 */
export function askForRest(
  request: CanonicalRequest,
  { texts, tokens }: Said,
  capabilities: Capabilities,
): CanonicalRequest {
  if (texts.every((text) => text.trim() === "")) return request
  const { maxTokens, reasoning } = request
  const turns = withAnswer(request.turns, texts)
  const rest = {
    ...request,
    ...(maxTokens !== undefined && { maxTokens: Math.max(LEAST_TOKENS, maxTokens - tokens) }),
  }
  if (takesPrefill(capabilities)) {
    // Who begins in the middle of an answer has nothing to think of, and some models refuse both.
    return { ...rest, turns, ...(thinks(reasoning) && { reasoning: { effort: "none" } }) }
  }
  return { ...rest, turns: [...turns, { role: "user", blocks: [instruction(lastWords(texts))] }] }
}

/** The end of what was said, as the next upstream is asked to begin. */
export function lastWords(texts: readonly string[]): string {
  const text = (texts.findLast((each) => each.trim() !== "") ?? "").trimEnd()
  if (text.length <= LAST_WORDS) return text.trimStart()
  // Half a character is none.
  const end = text.slice(-LAST_WORDS).replace(/^[\uDC00-\uDFFF]/, "")
  const words = end.replace(/^\S*\s+/, "")
  // There are languages without spaces.
  return words.length >= LEAST_WORDS ? words : end.trimStart()
}

function instruction(words: string): TextBlock {
  const text = [
    "Your answer above was cut off in the middle, behind these words:",
    `<last-words>${words}</last-words>`,
    "Write the rest of it. Copy these last words exactly as your beginning and go on from there as if",
    "there had been no break. Say nothing about the break, and repeat nothing else.",
  ]
  return { type: "text", text: text.join("\n") }
}

/** A beginning that the caller wrote itself is part of the same turn. */
function withAnswer(turns: readonly Turn[], texts: readonly string[]): Turn[] {
  const blocks = texts.map((text, at): TextBlock => {
    // White space at the end of what is to be continued is refused by one vendor.
    return { type: "text", text: at === texts.length - 1 ? text.trimEnd() : text }
  })
  const last = turns.at(-1)
  if (last?.role !== "assistant") return [...turns, { role: "assistant", blocks }]
  return [...turns.slice(0, -1), { ...last, blocks: [...last.blocks, ...blocks] }]
}
