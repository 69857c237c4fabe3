import { invalid, missing } from "./failure.ts"
import { isObject, type Json, numberField, stringField } from "./fields.ts"
import { wordsOf } from "./hints.ts"
import { hash, idFrom } from "./seed.ts"
import { countTokens } from "./tokens.ts"

/** Answers a rerank request (Cohere's and Jina's shape) by the words that query and document share. */
export function answerRerank(body: Json, model: string): object {
  const query = stringField(body, "query")
  const { documents } = body
  if (documents === undefined || documents === null) throw missing("documents")
  if (!Array.isArray(documents) || documents.length === 0) {
    throw invalid("documents", "expected a list with at least one document", documents)
  }
  const most = { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true }
  const top = numberField(body, "top_n", most) ?? documents.length
  const texts = documents.map((document, index) => {
    const text = isObject(document) ? document["text"] : document
    if (typeof text !== "string") {
      throw invalid(`documents[${index}]`, "expected a string or an object with text", document)
    }
    return text
  })
  const asked = new Set(wordsOf(query))
  const results = texts
    .map((text, index) => {
      const has = new Set(wordsOf(text))
      const shared = asked.intersection(has).size
      const score = shared === 0 ? 0 : shared / Math.sqrt(asked.size * has.size)
      const relevance_score = Number(score.toFixed(6))
      return {
        index,
        relevance_score,
        ...(body["return_documents"] === true && { document: { text } }),
      }
    })
    .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
    .slice(0, top)
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), countTokens(query))
  return {
    id: idFrom("rerank-", hash(query + texts.join("\n"))),
    model,
    results,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}
