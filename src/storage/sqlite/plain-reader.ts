import { PLAIN, WORD } from "./plain-lines.ts"

/** A row of a plain line. It is the same object for all of them. */
export interface PlainRow {
  /** 16 bytes. */
  readonly id: Uint8Array
  /** The words: values of `KIND_FIELDS` as JSON, and the beginning of the route. */
  kind: string
  plan: string | null
  /** The rest of the route, or all of it. */
  route: string | null
  time: number
  /** Microseconds. */
  ttft: number | null
  duration: number
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
  reasoning: number
  cost: number | null
  wasted: number
}

/** Reads what `PlainLines` writes, one stretch of a segment after the other. */
export interface PlainReader {
  /**
   * Calls for each plain row.
   * @param bytes of whole lines
   * @returns other lines, and how many plain ones are damaged
   */
  read(bytes: Buffer, take: (row: PlainRow) => void): { others: string; damaged: number }
  /** Takes the words of lines whose rows are stored. */
  learn(bytes: Buffer): void
}

const PLAIN_BYTE = PLAIN.charCodeAt(0)
const WORD_BYTE = WORD.charCodeAt(0)
const ZERO = 0x30
const NINE = 0x39
const COMMA = 0x2c
const TAB = 0x09
const NEWLINE = 0x0a
const ID_BYTES = 16
/** Numbers that words have are below this. */
const MOST_WORDS = 65_536
/** Numbers of a line: all, or those that are always there. */
const ALL = 12
const LEAST = 7

/** What each hexadecimal digit stands for, by its code; more than a byte has room for where it is none. */
const NIBBLES = new Uint16Array(256).fill(0x100)
for (const [value, digit] of [..."0123456789abcdef"].entries()) {
  NIBBLES[digit.charCodeAt(0)] = value
}

export function createPlainReader(): PlainReader {
  const words: string[] = []
  const numbers = new Float64Array(ALL)
  const row: PlainRow = {
    ...{ id: new Uint8Array(ID_BYTES), kind: "", plan: null, route: null, time: 0, ttft: null },
    ...{ duration: 0, input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
    ...{ cost: null, wasted: 0 },
  }

  /** Reads the digits of the id. Returns whether all of them are some. */
  function readId(bytes: Buffer, at: number): boolean {
    const { id } = row
    let odd = 0
    for (let n = 0; n < ID_BYTES; n++) {
      const high = NIBBLES[bytes[at + 2 * n]!]!
      const low = NIBBLES[bytes[at + 2 * n + 1]!]!
      odd |= high | low
      id[n] = (high << 4) | low
    }
    return odd < 0x100
  }

  /** Reads numbers up to another sign than digits and commas. Returns where that is; below 0 when there are too many or few. */
  function readNumbers(bytes: Buffer, from: number): number {
    let at = from
    let count = 0
    let value = 0
    let begun = at
    for (;;) {
      const code = bytes[at]!
      if (code >= ZERO && code <= NINE) {
        value = value * 10 + (code - ZERO)
      } else {
        if (count === ALL) return -1
        numbers[count++] = at === begun ? Number.NaN : value
        if (code !== COMMA) break
        value = 0
        begun = at + 1
      }
      at++
    }
    if (count === LEAST) {
      numbers.fill(0, LEAST)
      numbers[10] = Number.NaN
      return at
    }
    return count === ALL ? at : -1
  }

  /** Puts the numbers of a line into the row. Returns whether they are those of one. */
  function fill(): boolean {
    const kind = words[numbers[0]!]
    const noPlan = Number.isNaN(numbers[1])
    const plan = noPlan ? null : words[numbers[1]!]
    if (kind === undefined || plan === undefined) return false
    row.kind = kind
    row.plan = plan
    row.time = numbers[2]!
    row.ttft = Number.isNaN(numbers[3]) ? null : numbers[3]!
    row.duration = numbers[4]!
    row.input = numbers[5]!
    row.output = numbers[6]!
    row.cacheRead = numbers[7]!
    row.cacheWrite = numbers[8]!
    row.reasoning = numbers[9]!
    row.cost = Number.isNaN(numbers[10]) ? null : numbers[10]!
    row.wasted = numbers[11]!
    const tokens = row.input + row.output + row.cacheRead + row.cacheWrite + row.reasoning
    const others = row.time + row.duration + (row.ttft ?? 0) + (row.cost ?? 0) + row.wasted
    // The table takes no others, and none of them is missing.
    return tokens + others <= Number.MAX_SAFE_INTEGER
  }

  /** Reads a row. Returns where its line's newline is; below 0 when it is damaged. */
  function readRow(bytes: Buffer, from: number, ascii: string): number {
    const numbersAt = from + 1 + 2 * ID_BYTES
    if (numbersAt >= bytes.length || !readId(bytes, from + 1)) return -1
    let at = readNumbers(bytes, numbersAt)
    if (at < 0 || !fill()) return -1
    row.route = null
    if (bytes[at] === TAB) {
      const begin = ++at
      let all = 0
      let code = bytes[at]
      while (code !== undefined && code !== NEWLINE) {
        all |= code
        code = bytes[++at]
      }
      row.route = all < 0x80 ? ascii.slice(begin, at) : bytes.toString("utf8", begin, at)
    }
    return bytes[at] === NEWLINE ? at : -1
  }

  /** Takes a word from its line. Returns whether it is one. */
  function readWord(bytes: Buffer, from: number, end: number): boolean {
    const tab = bytes.indexOf(TAB, from)
    const number = Number.parseInt(bytes.toString("latin1", from + 1, tab), 10)
    if (tab < 0 || tab > end || !(number >= 0 && number < MOST_WORDS)) return false
    // Text for itself: a part of a longer one would keep all of that in memory.
    words[number] = bytes.toString("utf8", tab + 1, end)
    return true
  }

  return {
    read(bytes, take) {
      const ascii = bytes.toString("latin1")
      const others: string[] = []
      let damaged = 0
      for (let at = 0; at < bytes.length; at++) {
        if (bytes[at] === PLAIN_BYTE) {
          const newline = readRow(bytes, at, ascii)
          if (newline >= 0) {
            take(row)
            at = newline
            continue
          }
        }
        const newline = bytes.indexOf(NEWLINE, at)
        const end = newline < 0 ? bytes.length : newline
        if (bytes[at] === PLAIN_BYTE) damaged++
        else if (bytes[at] !== WORD_BYTE) others.push(bytes.toString("utf8", at, end))
        else if (!readWord(bytes, at, end)) damaged++
        at = end
      }
      // It would keep all of the text in memory.
      row.route = null
      return { others: others.join("\n"), damaged }
    },
    learn(bytes) {
      for (let at = 0; at < bytes.length; at++) {
        const newline = bytes.indexOf(NEWLINE, at)
        const end = newline < 0 ? bytes.length : newline
        if (bytes[at] === WORD_BYTE) readWord(bytes, at, end)
        at = end
      }
    },
  }
}
