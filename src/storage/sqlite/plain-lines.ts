import { MOST_DIGITS, putText, putWhole } from "../../core/digits.ts"
import type { UsageRow } from "../../core/ledger.ts"
import { MOST_REST, plainAttempt, putRest, restOf, type RouteText } from "../../core/route-text.ts"
import { kindText } from "./row-line.ts"

/** What a plain row's line begins with, and that of a word. */
export const PLAIN = "+"
export const WORD = "#"

/** Bytes that a row takes at most, with its words; a longer one is written as another line. */
export const LONGEST_PLAIN = 16_384
/** Words that a segment has at a time; then they are numbered anew. */
const MOST_WORDS = 1024

const OWN_ID = "req_"
const ID_LENGTH = 36
const COMMA = 0x2c
const TAB = 0x09
const NEWLINE = 0x0a

/** A row's numbers in the order in which its line has them: those that every line has, then the others. */
const [TIME, TTFT, DURATION, INPUT, OUTPUT] = [0, 1, 2, 3, 4]
const USUAL = 5
const [CACHE_READ, CACHE_WRITE, REASONING, COST, WASTED] = [5, 6, 7, 8, 9]
const ALL = 10

const numbers = new Float64Array(ALL)

/** Writes rows as nearly all are: with an id that the router gives, and no mirror's. */
export interface PlainLines {
  /**
   * Writes a row, with those of its words that the segment has not got.
   *
   * A word's line is `#<number>`, a tab, and its text: the values of `KIND_FIELDS` as JSON, or the
   * beginning of a route. A row's line is `+`, the 32 digits of its id, and numbers between commas: those
   * of its kind and its beginning of a route, time, TTFT and duration in microseconds, `input`, `output`,
   * and, where one of them is not 0 or null, `cacheRead`, `cacheWrite`, `reasoning`, `cost` and `wasted`.
   * What is null is empty. After a tab comes the rest of its route, where it has one.
   *
   * @param route where the row has none itself
   * @param bytes of `LONGEST_PLAIN`
   * @returns where it ends; 0 when it has to be written as another line
   */
  put(row: UsageRow, route: RouteText | undefined, bytes: Buffer): number
  /** What was written is not there, or not any more: as in a new segment. */
  forget(): void
}

/** @param most words at a time */
export function createPlainLines(most = MOST_WORDS): PlainLines {
  const words = new Map<string, number>()

  /** Returns where the word ends, if it is a new one. */
  function define(bytes: Buffer, at: number, text: string): number {
    const number = words.size
    words.set(text, number)
    let end = putWhole(bytes, putText(bytes, at, WORD), number)
    bytes[end++] = TAB
    end += bytes.write(text, end)
    bytes[end++] = NEWLINE
    return end
  }

  return {
    put(row, route, bytes) {
      const { id, time, input, output, cacheRead, cacheWrite, reasoning, cost, wasted } = row
      if (id.length !== ID_LENGTH || !id.startsWith(OWN_ID) || row.mirrorOf !== null) return 0
      const { ttft } = row
      // Written in a loop: the same code for each of them is in the processor's cache for the next.
      numbers[TIME] = time
      numbers[TTFT] = ttft === null ? Number.NaN : Math.round(ttft * 1000)
      numbers[DURATION] = Math.round(row.duration * 1000)
      numbers[INPUT] = input
      numbers[OUTPUT] = output
      numbers[CACHE_READ] = cacheRead
      numbers[CACHE_WRITE] = cacheWrite
      numbers[REASONING] = reasoning
      numbers[COST] = cost ?? Number.NaN
      numbers[WASTED] = wasted
      if (ttft !== null && numbers[TTFT]! / 1000 !== ttft) return 0
      if (numbers[DURATION]! / 1000 !== row.duration) return 0
      let sum = 0
      for (let n = 0; n < ALL; n++) {
        const number = numbers[n]!
        const isNull = (n === TTFT && ttft === null) || (n === COST && cost === null)
        if (isNull) continue
        if (!Number.isInteger(number) || number < 0) return 0
        sum += number
      }
      if (sum > Number.MAX_SAFE_INTEGER) return 0
      // Parts are JSON, and have no other tab than theirs, nor a newline.
      if (!route && row.route?.includes("\n")) return 0
      const own = route ? undefined : partsOf(row.route)
      const begin = route ? route.begin : own!.begin
      const kind = kindText(row)
      const plain = route && plainAttempt(route.attempts)
      const rest = plain ? null : route ? restOf(route.attempts) : own!.rest
      const length = kind.length + (begin?.length ?? 0) + (rest?.length ?? 0)
      if (length * 3 + MOST_REST + 16 * MOST_DIGITS > LONGEST_PLAIN) return 0
      if (words.size + 2 > most) words.clear()
      let at = words.has(kind) ? 0 : define(bytes, 0, kind)
      if (begin !== null && !words.has(begin)) at = define(bytes, at, begin)
      at = putId(bytes, putText(bytes, at, PLAIN), id)
      if (at < 0) {
        words.clear()
        return 0
      }
      at = putWhole(bytes, at, words.get(kind)!)
      at = putAfterComma(bytes, at, begin === null ? Number.NaN : words.get(begin)!)
      const isMore = cost !== null || cacheRead + cacheWrite + reasoning + wasted > 0
      const count = isMore ? ALL : USUAL
      for (let n = 0; n < count; n++) at = putAfterComma(bytes, at, numbers[n]!)
      if (plain) {
        bytes[at] = TAB
        at = putRest(bytes, at + 1, plain)
      } else if (rest !== null) {
        bytes[at++] = TAB
        at += bytes.write(rest, at)
      }
      bytes[at++] = NEWLINE
      return at
    },
    forget: () => words.clear(),
  }
}

/** Parts of a route: what others may begin with is up to its first tab. */
function partsOf(route: string | null): { begin: string | null; rest: string | null } {
  const end = route === null ? 0 : route.indexOf("\t") + 1
  return end === 0
    ? { begin: null, rest: route }
    : { begin: route!.slice(0, end), rest: route!.slice(end) }
}

/** Not a number stands for null, which is empty. */
function putAfterComma(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = COMMA
  return Number.isNaN(value) ? at + 1 : putWhole(bytes, at + 1, value)
}

/** The digits of an id. Below 0 when they are others. */
function putId(bytes: Uint8Array, at: number, id: string): number {
  for (let n = OWN_ID.length; n < ID_LENGTH; n++) {
    const code = id.charCodeAt(n)
    const isHex = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66)
    if (!isHex) return -1
    bytes[at++] = code
  }
  return at
}
