/** What a record tells of; its place in the list is what stands for it. */
const KINDS = [
  "name",
  "begin",
  "answered",
  "succeed",
  "fail",
  "release",
  "tell",
  "probed",
  "account",
  "hold",
  "settle",
  "bound",
  "rules",
  "gone",
] as const

export type EventKind = (typeof KINDS)[number]

/** By its kind. */
export const EVENT = Object.fromEntries(KINDS.map((kind, index) => [kind, index])) as Record<
  EventKind,
  number
>

/** Bits above the kind, for what is only yes or no. */
export const FLAG = { first: 1 << 8, second: 1 << 9, third: 1 << 10 } as const

/** Which kind the first number of a record says. */
export function kindOf(head: number): number {
  return head & 0xff
}

/** A number that may be missing. */
export function numberOr(value: number | undefined): number {
  return value ?? Number.NaN
}

/** The number again; undefined where it was missing. */
export function present(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value
}
