import type { StoredAnswer } from "../../core/answer-store.ts"
import { isAnswerLine } from "./answer-rows.ts"
import { readLines, type Stretch } from "./journal-reader.ts"
import { parseLines } from "./lines.ts"

/**
 * The answers of this id that wait in journals while the database takes nothing, by caller; null for
 * one that was deleted. It reads all that waits, so it is for when there is no other way.
 */
export function pendingAnswers(stretches: readonly Stretch[], id: string) {
  const found = new Map<string | null, StoredAnswer | null>()
  const named = JSON.stringify(id)
  for (const stretch of stretches) {
    const text = readLines(stretch, Infinity).bytes.toString("utf8")
    if (!text.includes(named)) continue
    for (const document of parseLines(text).documents) {
      if (!isAnswerLine(document)) continue
      if ("forgotten" in document && document.forgotten.id === id) {
        found.set(document.forgotten.caller, null)
      }
      if ("kept" in document && document.kept.id === id) {
        found.set(document.kept.caller, document.kept)
      }
    }
  }
  return found
}
