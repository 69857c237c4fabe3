import { nearest } from "../core/nearest.ts"

/** "did you mean `x`?", or what there is to choose from; empty when there is nothing. */
export function didYouMean(text: string, candidates: Iterable<string>, noun: string): string {
  const all = [...candidates]
  const [best] = nearest(text, all)
  if (best !== undefined) return `did you mean \`${best}\`?`
  if (all.length === 0) return ""
  const shown = all.slice(0, 8).map((name) => `\`${name}\``)
  const more = all.length > shown.length ? ` and ${all.length - shown.length} more` : ""
  return `${noun}: ${shown.join(", ")}${more}`
}
