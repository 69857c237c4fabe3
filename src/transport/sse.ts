import { asBuffer } from "./json-scan.ts"

const LF = 0x0a
const CR = 0x0d

/**
 * Cuts a byte stream at blank lines, so that what comes out is whole server-sent events, byte for
 * byte. https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseCutter {
  #held: Buffer[] = []
  #heldBytes = 0
  readonly #limit: number

  /** @param limit bytes that one event may have; 64 MiB suits a base64 image */
  constructor(limit = 64 * 1024 * 1024) {
    this.#limit = limit
  }

  /** Whether nothing is held back. */
  get isEmpty(): boolean {
    return this.#heldBytes === 0
  }

  /** @returns whole events, or undefined when none has ended. @throws RangeError beyond the limit */
  push(chunk: Uint8Array): Buffer | undefined {
    const buffer = asBuffer(chunk)
    const cut = this.#lastBoundary(buffer)
    if (cut === buffer.length && this.#held.length === 0) return buffer
    if (cut < 0) {
      this.#hold(buffer)
      return undefined
    }
    const head = buffer.subarray(0, cut)
    const whole = this.#held.length > 0 ? Buffer.concat([...this.#held, head]) : head
    this.#held = []
    this.#heldBytes = 0
    if (cut < buffer.length) this.#hold(buffer.subarray(cut))
    return whole
  }

  /** What is left when the stream ends: an event without its blank line, or undefined. */
  end(): Buffer | undefined {
    if (this.#held.length === 0) return undefined
    const rest = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    return rest
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return
    this.#heldBytes += part.length
    if (this.#heldBytes > this.#limit) {
      throw new RangeError(`one event is larger than ${this.#limit} bytes`)
    }
    this.#held.push(part)
  }

  /** @returns the offset behind the last blank line in `buffer`, or -1 */
  #lastBoundary(buffer: Buffer): number {
    const length = buffer.length
    if (length > 1 && buffer[length - 1] === LF && buffer[length - 2] === LF) return length
    const lf = buffer.lastIndexOf("\n\n")
    const crlf = buffer.lastIndexOf("\n\r\n")
    const cr = buffer.lastIndexOf("\r\r")
    const last = Math.max(lf < 0 ? -1 : lf + 2, crlf < 0 ? -1 : crlf + 3, cr < 0 ? -1 : cr + 2)
    return last >= 0 ? last : this.#boundaryAcross(buffer)
  }

  /** A blank line that began in the bytes held back. */
  #boundaryAcross(buffer: Buffer): number {
    const before = this.#held.at(-1)
    if (!before) return -1
    const first = buffer[0]
    const tail = this.#tail()
    if (first === LF) {
      if (tail.endsWith("\n") || tail.endsWith("\n\r")) return 1
      return -1
    }
    if (first === CR) {
      if (tail.endsWith("\r")) return 1
      if (tail.endsWith("\n") && buffer[1] === LF) return 2
    }
    return -1
  }

  #tail(): string {
    const last = this.#held.at(-1)!
    if (last.length >= 2) return last.toString("latin1", last.length - 2)
    const before = this.#held.at(-2)
    return (before ? before.toString("latin1", before.length - 1) : "") + last.toString("latin1")
  }
}

/** One event inside a block of whole events. */
export interface SseEvent {
  /** The event's bytes, with the blank line behind it. */
  bytes: Buffer
  /** The `data` lines joined by line feeds; undefined for comments and empty events. */
  data: string | undefined
}

/** Splits a block of whole events, losing no byte. */
export function splitEvents(block: Buffer): SseEvent[] {
  const events: SseEvent[] = []
  const reader = new EventReader(block)
  for (let event = reader.next(); event; event = reader.next()) events.push(event)
  return events
}

/** Reads the events of a block one by one, from wherever it is put. */
export class EventReader {
  /** Where the next event begins. */
  at = 0
  readonly #block: Buffer
  /** The next of each that is known. */
  #lf = -1
  #cr = -1

  constructor(block: Buffer) {
    this.#block = block
  }

  /** @returns undefined at the end */
  next(): SseEvent | undefined {
    const block = this.#block
    const start = this.at
    let data: string | undefined
    for (let i = start; i < block.length; ) {
      if (this.#lf < i) this.#lf = indexIn(block, LF, i)
      if (this.#cr < i) this.#cr = indexIn(block, CR, i)
      const end = Math.min(this.#lf, this.#cr)
      const next = Math.min(this.#lf === this.#cr + 1 ? end + 2 : end + 1, block.length)
      if (end === i) return this.#event(next, data)
      const value = dataOf(block, i, end)
      if (value !== undefined) data = data === undefined ? value : `${data}\n${value}`
      i = next
    }
    return start < block.length ? this.#event(block.length, data) : undefined
  }

  #event(end: number, data: string | undefined): SseEvent {
    const start = this.at
    this.at = end
    const whole = start === 0 && end === this.#block.length
    return { bytes: whole ? this.#block : this.#block.subarray(start, end), data }
  }
}

/** @returns where the byte is, or the end */
function indexIn(block: Buffer, byte: number, from: number): number {
  const at = block.indexOf(byte, from)
  return at < 0 ? block.length : at
}

/** The value of a `data` line, or undefined for any other. A byte order mark before it is skipped. */
function dataOf(block: Buffer, start: number, end: number): string | undefined {
  const from = block[start] === 0xef && block[start + 1] === 0xbb ? start + 3 : start
  if (!isData(block, from)) return undefined
  if (from + 4 === end) return ""
  if (block[from + 4] !== 0x3a) return undefined
  const value = block[from + 5] === 0x20 ? from + 6 : from + 5
  return block.toString("utf8", value, end)
}

function isData(block: Buffer, at: number): boolean {
  return (
    block[at] === 0x64 && block[at + 1] === 0x61 && block[at + 2] === 0x74 && block[at + 3] === 0x61
  )
}
