import { invalidAnswer } from "./connection-error.ts"

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const SEMICOLON = 0x3b
const DELETE = 0x7f

/** Bytes that a chunk's first line may have, and those that all trailers may have. */
const LINE_LIMIT = 4096
const TRAILER_LIMIT = 16 * 1024

/** Digits of a chunk's size that are read at once: no single piece of bytes is larger. */
const MOST_DIGITS = 7

/** What the next byte is part of. */
enum Part {
  Size,
  Extension,
  SizeEnd,
  Data,
  DataReturn,
  DataEnd,
  TrailerStart,
  Trailer,
  TrailerEnd,
  LastEnd,
}

/**
 * Takes the chunks of one body apart. https://www.rfc-editor.org/rfc/rfc9112#section-7.1
 * Extensions and trailers are dropped. A line must end with both of its characters here: unlike in a
 * head there is nobody who writes otherwise.
 */
export class ChunkReader {
  /** Whether the body has ended. */
  done = false
  /** Offset in the last bytes of what does not belong to the body any more. */
  used = 0
  /** Where in the last bytes those of the body stand, moved together: what is between them is overwritten. */
  from = 0
  to = 0
  #part = Part.Size
  #size = 0
  #digits = 0
  #line = 0
  #trailers = 0

  /** @throws ConnectionError where these are no chunks */
  push(bytes: Buffer): void {
    if (this.#part === Part.Size && this.#digits === 0 && this.#isOneChunk(bytes)) return
    const { length } = bytes
    let at = 0
    let from = 0
    let to = 0
    while (at < length && !this.done) {
      if (this.#part !== Part.Data) {
        this.#step(bytes[at++]!)
        continue
      }
      const end = Math.min(length, at + this.#size)
      if (to === from) {
        from = at
        to = end
      } else {
        bytes.copyWithin(to, at, end)
        to += end - at
      }
      this.#size -= end - at
      at = end
      if (this.#size === 0) this.#part = Part.DataReturn
    }
    this.used = at
    this.from = from
    this.to = to
  }

  /** Whether these bytes are one chunk without extensions, as an event comes that a server sends at once. */
  #isOneChunk(bytes: Buffer): boolean {
    let size = 0
    let at = 0
    for (
      let digit = digitOf(bytes[at]!);
      digit >= 0 && at < MOST_DIGITS;
      digit = digitOf(bytes[at]!)
    ) {
      size = size * 16 + digit
      at++
    }
    const from = at + 2
    const to = from + size
    const isOne =
      size > 0 && bytes.length === to + 2 && isLineEnd(bytes, at) && isLineEnd(bytes, to)
    if (!isOne) return false
    this.from = from
    this.to = to
    this.used = bytes.length
    return true
  }

  #step(byte: number): void {
    switch (this.#part) {
      case Part.Size:
        this.#readSize(byte)
        return
      case Part.Extension:
        this.#bound(++this.#line, LINE_LIMIT)
        if (byte === CR) this.#part = Part.SizeEnd
        else plain(byte)
        return
      case Part.SizeEnd:
        expect(byte, LF)
        this.#digits = 0
        this.#line = 0
        this.#part = this.#size === 0 ? Part.TrailerStart : Part.Data
        return
      case Part.DataReturn:
        expect(byte, CR)
        this.#part = Part.DataEnd
        return
      case Part.DataEnd:
        expect(byte, LF)
        this.#part = Part.Size
        return
      case Part.TrailerStart:
        this.#part = byte === CR ? Part.LastEnd : Part.Trailer
        if (byte !== CR) this.#readTrailer(byte)
        return
      case Part.Trailer:
        this.#readTrailer(byte)
        return
      case Part.TrailerEnd:
        expect(byte, LF)
        this.#part = Part.TrailerStart
        return
      default:
        expect(byte, LF)
        this.done = true
    }
  }

  #readSize(byte: number): void {
    const digit = digitOf(byte)
    if (digit >= 0) {
      this.#bound(++this.#line, LINE_LIMIT)
      this.#size = this.#digits === 0 ? digit : this.#size * 16 + digit
      this.#digits++
      if (this.#size > Number.MAX_SAFE_INTEGER) throw invalidAnswer("a chunk is too large")
      return
    }
    if (this.#digits === 0) throw invalidAnswer("a chunk has no size")
    if (byte === CR) this.#part = Part.SizeEnd
    else if (byte === SEMICOLON || byte === SPACE || byte === TAB) this.#part = Part.Extension
    else throw invalidAnswer("a chunk's size is no number")
  }

  #readTrailer(byte: number): void {
    this.#bound(++this.#trailers, TRAILER_LIMIT)
    if (byte === CR) this.#part = Part.TrailerEnd
    else plain(byte)
  }

  #bound(bytes: number, limit: number): void {
    if (bytes > limit) throw invalidAnswer("its chunks have too much beside them")
  }
}

function isLineEnd(bytes: Buffer, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF
}

function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function expect(byte: number, wanted: number): void {
  if (byte !== wanted) throw invalidAnswer("a chunk does not end where it should")
}

function plain(byte: number): void {
  if ((byte < SPACE && byte !== TAB) || byte === DELETE) {
    throw invalidAnswer("its chunks have a control character")
  }
}
