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

/** The value of a free member in one event. */
interface Hole {
  name: string
  start: number
  end: number
  digits: boolean
}

/** What follows bytes that are the same in all events: their end, or a free value. */
enum Next {
  End,
  Digits,
  Text,
  /** The text of the member that is named first. */
  Words,
}

/** Bytes that say of a stretch that is the same how long it is, and what is next; and the most that they can. */
const STRETCH_HEAD = 3
const LONGEST_STRETCH = 0xffff

/** Who takes the words of events: what stands in the member that is named first, as it is written in JSON. */
export interface WordTaker {
  /** @returns whether it could. @throws SyntaxError for what is no JSON string */
  take(block: Buffer, start: number, end: number): boolean
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
 * What those events of a stream have in common that differ only in free members: what is the same in all of
 * them, each stretch behind its head. Almost all events of most streams are such: once one of them was looked
 * into, the others need not be.
 *
 * One piece of memory, and no object around it: between two events of a stream thousands of others have come,
 * and each piece has to be fetched anew.
 */
export type EventShape = Buffer & { readonly shape: unique symbol }

/**
 * @param block whole events in which there was nothing of interest: the last one stands for others
 * @param free members, with that of the words first
 * @returns undefined where nothing is free in it
 */
export function learnShape(block: Buffer, free: readonly Free[]): EventShape | undefined {
  const before = block.lastIndexOf(BLANK_LINE, -BLANK_LINE.length - 1)
  const event = before < 0 ? block : block.subarray(before + BLANK_LINE.length)
  const holes: Hole[] = []
  for (const { name, mark, digits } of free) {
    const at = event.indexOf(mark)
    const start = at + mark.length
    const single = at >= 0 && event.indexOf(mark, start) < 0
    const end = single ? endOf(event, start, event.length, digits) : -1
    if (end > start || (end === start && !digits)) holes.push({ name, start, end, digits })
  }
  if (holes.length === 0 || event.length > LONGEST_STRETCH) return undefined
  holes.sort((one, other) => one.start - other.start)
  return stretchesOf(event, holes, free[0]!.name)
}

/** @returns how many events a block, or this part of it, has; 0 unless all of it is events of this shape */
export function countAlike(
  shape: EventShape | undefined,
  block: Buffer,
  start = 0,
  end = block.length,
): number {
  return shape ? tellWords(shape, block, start, end, undefined) : 0
}

/**
 * @returns what the events of a block say in the member that is named first; undefined unless all of
 * it is events of this shape, which say something there
 */
export function wordsOf(shape: EventShape | undefined, block: Buffer): string[] | undefined {
  if (!shape) return undefined
  const texts: string[] = []
  const taker: WordTaker = {
    take: (_, start, end) => texts.push(textOf(block, start, end)) > 0,
  }
  try {
    const events = tellWords(shape, block, 0, block.length, taker)
    return events > 0 && texts.length > 0 ? texts : undefined
  } catch {
    // An escape that is none.
    return undefined
  }
}

/**
 * Tells somebody the words of the events from `from` to `to`.
 *
 * @returns how many events these are; 0 unless all of it is events of this shape, and all words were taken
 */
export function tellWords(
  shape: EventShape,
  block: Buffer,
  from: number,
  to: number,
  taker: WordTaker | undefined,
): number {
  let events = 0
  for (let at = from; at < to; events++) {
    at = endOfAlike(shape, block, at, to, taker)
    if (at < 0) return 0
  }
  return events
}

/** Events of one shape, one behind the other. */
interface Run {
  events: number
  /** Offset behind the last of them. */
  end: number
}

/** @returns how many events of this shape come next in a block; none where it is undefined */
export function alikeFrom(shape: EventShape | undefined, block: Buffer, from: number): Run {
  const run = { events: 0, end: from }
  while (shape && run.end < block.length) {
    const end = endOfAlike(shape, block, run.end, block.length, undefined)
    if (end < 0) break
    run.events++
    run.end = end
  }
  return run
}

/** @returns the offset behind the event that begins at `from`; -1 where it is of another shape, or its words are not taken */
function endOfAlike(
  shape: EventShape,
  block: Buffer,
  from: number,
  to: number,
  taker: WordTaker | undefined,
): number {
  let at = from
  for (let stretch = 0; ; ) {
    const length = shape[stretch]! | (shape[stretch + 1]! << 8)
    const next: Next = shape[stretch + 2]!
    stretch += STRETCH_HEAD
    if (at + length > to || !isSame(block, at, shape, stretch, length)) return -1
    at += length
    stretch += length
    if (next === Next.End) return at
    const end = endOf(block, at, to, next === Next.Digits)
    if (end < 0 || (taker && next === Next.Words && !taker.take(block, at, end))) return -1
    at = end
  }
}

/** @param main name of the member whose text is `Next.Words` */
function stretchesOf(event: Buffer, holes: readonly Hole[], main: string): EventShape {
  const end: Hole = { name: "", start: event.length, end: event.length, digits: false }
  const parts: Buffer[] = []
  let from = 0
  for (const hole of [...holes, end]) {
    const length = hole.start - from
    parts.push(Buffer.from([length & 0xff, length >> 8, nextOf(hole, hole === end, main)]))
    parts.push(event.subarray(from, hole.start))
    from = hole.end
  }
  return Buffer.concat(parts) as EventShape
}

function nextOf({ name, digits }: Hole, last: boolean, main: string): Next {
  if (last) return Next.End
  if (digits) return Next.Digits
  return name === main ? Next.Words : Next.Text
}

/** Bytes from which a native comparison is faster, though it has to be called. */
const LONG = 48

function isSame(block: Buffer, at: number, same: Buffer, from: number, length: number): boolean {
  if (length >= LONG) return block.compare(same, from, from + length, at, at + length) === 0
  for (let each = 0; each < length; each++) {
    if (block[at + each] !== same[from + each]) return false
  }
  return true
}

/** @returns where the value ends that begins at `at`; -1 where it does not, up to `to` */
function endOf(block: Buffer, at: number, to: number, digits: boolean): number {
  for (; at < to; at++) {
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
