const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const BLANK_LINE = Buffer.from("\n\n")
const ZERO = 0x30
const NINE = 0x39

/** A member of an event that changes from event to event and says nothing of the stream. */
interface Free {
  name: string
  /** The member up to its value. */
  mark: Buffer
  /** Whether the value is a whole number; else it is a string. */
  digits: boolean
}

/** @param text names of members with strings. @param digits names of those with whole numbers */
export function freeMembers(text: readonly string[], digits: readonly string[] = []): Free[] {
  return [
    ...text.flatMap((name) => ["", " "].map((gap) => free(name, `${gap}"`, false))),
    ...digits.flatMap((name) => ["", " "].map((gap) => free(name, gap, true))),
  ]
}

function free(name: string, before: string, digits: boolean): Free {
  return { name, mark: Buffer.from(`"${name}":${before}`), digits }
}

/**
 * What those events of a stream have in common that differ only in free members. Almost all events of
 * most streams are such: once one of them was looked into, the others need not be. A class, since every
 * block of every stream is compared.
 */
export class EventShape {
  readonly #free: readonly Free[]
  /** What is the same in all of them: before the first free value, between them, and behind the last. */
  #same: Buffer[] = []
  #digits: boolean[] = []
  /** Which of the values is that of the member that is named first; -1 where it has none. */
  #main = -1

  constructor(free: readonly Free[]) {
    this.#free = free
  }

  /**
   * @param block whole events in which there was nothing of interest: the last one stands for others
   * @returns what that one says in the member that is named first; undefined where it has none, or several
   */
  learn(block: Buffer): string | undefined {
    const before = block.lastIndexOf(BLANK_LINE, -BLANK_LINE.length - 1)
    const event = before < 0 ? block : block.subarray(before + BLANK_LINE.length)
    const holes: { name: string; start: number; end: number; digits: boolean }[] = []
    for (const { name, mark, digits } of this.#free) {
      const at = event.indexOf(mark)
      const start = at + mark.length
      const single = at >= 0 && event.indexOf(mark, start) < 0
      const end = single ? endOf(event, start, digits) : -1
      if (end > start || (end === start && !digits)) holes.push({ name, start, end, digits })
    }
    holes.sort((one, other) => one.start - other.start)
    this.forget()
    if (holes.length === 0) return undefined
    this.#main = holes.findIndex(({ name }) => name === this.#free[0]!.name)
    let from = 0
    for (const { start, end, digits } of holes) {
      this.#same.push(copyOf(event, from, start))
      this.#digits.push(digits)
      from = end
    }
    this.#same.push(copyOf(event, from, event.length))
    return this.texts(event)?.[0]
  }

  /** Something has happened behind which the same event may mean something else. */
  forget(): void {
    this.#same = []
    this.#digits = []
  }

  /** @returns how many events a block has; 0 unless all of it is events of this shape */
  count(block: Buffer): number {
    return this.#walk(block, undefined)
  }

  /**
   * @returns what the events of a block say in the member that is named first; undefined unless all of
   * it is events of this shape
   */
  texts(block: Buffer): string[] | undefined {
    if (this.#main < 0) return undefined
    const texts: string[] = []
    try {
      return this.#walk(block, texts) > 0 ? texts : undefined
    } catch {
      // An escape that is none.
      return undefined
    }
  }

  #walk(block: Buffer, texts: string[] | undefined): number {
    const same = this.#same
    const last = same.length - 1
    if (last < 0) return 0
    let events = 0
    let at = 0
    while (at < block.length) {
      for (let each = 0; each <= last; each++) {
        const literal = same[each]!
        if (!beginsWith(block, at, literal)) return 0
        at += literal.length
        if (each === last) break
        const end = endOf(block, at, this.#digits[each]!)
        if (end < 0) return 0
        if (texts && each === this.#main) texts.push(textOf(block, at, end))
        at = end
      }
      events++
    }
    return events
  }
}

/** Bytes from which a native comparison is faster, though it has to be called. */
const LONG = 48

function beginsWith(block: Buffer, at: number, literal: Buffer): boolean {
  const { length } = literal
  const end = at + length
  if (end > block.length) return false
  if (length >= LONG) return block.compare(literal, 0, length, at, end) === 0
  for (let each = 0; each < length; each++) if (block[at + each] !== literal[each]) return false
  return true
}

/** @returns where the value ends that begins at `at`; -1 where it does not */
function endOf(block: Buffer, at: number, digits: boolean): number {
  for (; at < block.length; at++) {
    const byte = block[at]!
    if (digits) {
      if (byte < ZERO || byte > NINE) return at
    } else if (byte === QUOTE) return at
    else if (byte === BACKSLASH) at++
    // A line's end is the end of the event, too.
    else if (byte < SPACE) return -1
  }
  return -1
}

/** @throws SyntaxError for what is no JSON string */
function textOf(block: Buffer, start: number, end: number): string {
  const text = block.toString("utf8", start, end)
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text
}

/** Of its own: a block may be part of much more. */
function copyOf(event: Buffer, start: number, end: number): Buffer {
  return Buffer.from(event.subarray(start, end))
}
