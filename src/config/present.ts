/** A list without what was wrong in it. */
export function present<T>(list: readonly (T | undefined)[] | undefined): T[] {
  return (list ?? []).filter((item) => item !== undefined)
}
