/** What a prompt offers for filling in fields. */
export interface Hints {
  /** Quoted texts and capitalised words, in order. */
  names: readonly string[]
  numbers: readonly number[]
  /** Lower-case words. */
  words: ReadonlySet<string>
  text: string
}

/** Lower-case words of a text or an identifier; camelCase and snake_case are taken apart. */
export function wordsOf(text: string): string[] {
  const apart = text.replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2").toLowerCase()
  return apart.match(/[\p{L}\p{N}]+/gu) ?? []
}

/** Finds in a prompt what its author probably wants to see as arguments. */
export function hintsFrom(text: string): Hints {
  const names: string[] = []
  for (const match of text.matchAll(
    /["“']([^"”']{1,80})["”']|\p{Lu}[\p{L}\d-]+(?: \p{Lu}[\p{L}\d-]+)*/gu,
  )) {
    // A sentence's first word is capitalised for another reason.
    const starts = match[1] === undefined && /(^|[.!?]\s+)$/.test(text.slice(0, match.index))
    if (!starts || match[0].includes(" ")) names.push(match[1] ?? match[0])
  }
  const numbers = (text.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number)
  return { names, numbers, words: new Set(wordsOf(text)), text }
}
