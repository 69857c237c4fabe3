/** The candidates that look most like `text`, best first; only those that a typing slip explains. */
export function nearest(text: string, candidates: Iterable<string>, most = 3): string[] {
  const wanted = text.toLowerCase()
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  const scored: { candidate: string; distance: number }[] = []
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), limit)
    if (distance <= limit) scored.push({ candidate, distance })
  }
  scored.sort((a, b) => a.distance - b.distance)
  return scored.slice(0, most).map(({ candidate }) => candidate)
}

/** "did you mean `x`?", or what there is to choose from; empty when there is nothing. */
export function didYouMean(text: string, candidates: Iterable<string>, noun: string): string {
  const all = [...candidates]
  const [best] = nearest(text, all, 1)
  if (best !== undefined) return `did you mean \`${best}\`?`
  if (all.length === 0) return ""
  const shown = all.slice(0, 8).map((name) => `\`${name}\``)
  const more = all.length > shown.length ? ` and ${all.length - shown.length} more` : ""
  return `${noun}: ${shown.join(", ")}${more}`
}

/** Damerau-Levenshtein distance (a swap of neighbours is one slip); anything above `limit` may be reported as `limit + 1`. */
export function editDistance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, before[j - 2]! + 1)
      }
      row.push(cost)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
