import { nearest } from "../core/nearest.ts"

/** "did you mean `x`?", or what there is to choose from; empty when there is nothing. */
export function didYouMean(text: string, candidates: Iterable<string>, noun: string): string {
  const all = [...candidates]
  const best = bestGuess(text, all)
  if (best !== undefined) return `did you mean \`${best}\`?`
  if (all.length === 0) return ""
  const shown = all.slice(0, 8).map((name) => `\`${name}\``)
  const more = all.length > shown.length ? ` and ${all.length - shown.length} more` : ""
  return `${noun}: ${shown.join(", ")}${more}`
}

/** The name that was probably meant: a slip of the keyboard away, or the same word cut short. */
export function bestGuess(text: string, names: readonly string[]): string | undefined {
  const word = text.toLowerCase()
  const alike = (name: string) =>
    name.length > 2 && word.length > 2 && (word.startsWith(name) || name.startsWith(word))
  return nearest(text, names)[0] ?? names.find((name) => alike(name.toLowerCase()))
}
