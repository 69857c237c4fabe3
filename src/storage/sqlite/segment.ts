import { closeSync, openSync, readSync, rmSync, statfsSync, writeSync } from "node:fs"
import { dirname } from "node:path"

/** Bytes before the first line of a segment: four whole numbers, in the machine's own byte order. */
export const HEADER_BYTES = 16
/** What a segment's first number is. */
export const MAGIC = 0x4c4a_0001
/**
 * Places of the other three: its age among the segments, where the stored lines end, where its lines end.
 * Reading the second before the third never shows lines of an earlier use as not stored.
 */
export const ORDER = 1
export const TAKEN = 2
export const END = 3

/** Bytes of an ordinary segment. */
export const SEGMENT_BYTES = 1_048_576

const WORD_BYTES = 4
const ZEROS = 65_536

/** A file of lines that its process writes and the database's writer reads. */
export interface Segment {
  readonly path: string
  /** Whether it may hold other lines once these are stored. */
  readonly reusable: boolean
  /**
   * Puts a line into the page cache, where it survives the process.
   * @returns false when there is no room for it
   * @throws when it could not be written; then nobody sees any of it
   */
  append(line: string): boolean
  /** The same with the first so many bytes, which are whole lines. */
  put(bytes: Buffer, length: number): boolean
  /** Whether all of it is in the database. */
  isTaken(): boolean
  /** The lines: those that are in the database, and the others. */
  lines(): { taken: string; waiting: string }
  /** Empties one that is taken. @param order its age from now on */
  reset(order: number): void
  close(remove: boolean): void
}

/**
 * Makes a segment whose lines are copied into mapped memory, without a system call. Its room is
 * written first: a full disk is an error here, and never a signal later.
 * @throws when there is no room
 */
export function createMappedSegment(path: string, order: number): Segment {
  const fd = openSync(path, "wx", 0o600)
  let bytes: Uint8Array<ArrayBuffer>
  try {
    writeAll(fd, headerOf(order), 0)
    const zeros = Buffer.alloc(ZEROS)
    for (let at = HEADER_BYTES; at < SEGMENT_BYTES; at += ZEROS) {
      writeAll(fd, zeros.subarray(0, Math.min(ZEROS, SEGMENT_BYTES - at)), at)
    }
    bytes = Bun.mmap(path, { shared: true })
  } catch (thrown) {
    rmSync(path, { force: true })
    throw thrown
  } finally {
    closeSync(fd)
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / WORD_BYTES)
  let end = HEADER_BYTES

  function grow(by: number): true {
    end += by
    // Atomic, so that whoever sees the new end sees the line before it.
    Atomics.store(words, END, end)
    return true
  }

  return {
    path,
    reusable: true,
    append(line) {
      const room = SEGMENT_BYTES - end
      if (line.length * 3 > room && Buffer.byteLength(line) > room) return false
      return grow(buffer.write(line, end))
    },
    put(bytes, length) {
      return length <= SEGMENT_BYTES - end && grow(bytes.copy(buffer, end, 0, length))
    },
    isTaken: () => Atomics.load(words, TAKEN) >= end,
    lines() {
      const taken = Atomics.load(words, TAKEN)
      const text = (from: number, to: number) => buffer.toString("utf8", from, to)
      return { taken: text(HEADER_BYTES, taken), waiting: text(taken, end) }
    },
    reset(next) {
      end = HEADER_BYTES
      // The end first: at no moment is there anything to take that is not a line.
      Atomics.store(words, END, end)
      Atomics.store(words, TAKEN, end)
      Atomics.store(words, ORDER, next)
    },
    close(remove) {
      if (remove) rmSync(path, { force: true })
    },
  }
}

/** Makes a segment that grows line by line. @param room bytes that it takes at most */
export function createWrittenSegment(path: string, order: number, room: number): Segment {
  const fd = openSync(path, "wx+", 0o600)
  try {
    writeAll(fd, headerOf(order), 0)
  } catch (thrown) {
    closeSync(fd)
    rmSync(path, { force: true })
    throw thrown
  }
  const word = new Int32Array(1)
  let end = HEADER_BYTES

  function setWord(place: number, value: number): void {
    word[0] = value
    writeAll(fd, new Uint8Array(word.buffer), place * WORD_BYTES)
  }

  function taken(): number {
    readSync(fd, new Uint8Array(word.buffer), 0, WORD_BYTES, TAKEN * WORD_BYTES)
    return word[0] ?? 0
  }

  function put(bytes: Buffer, length: number): boolean {
    if (end + length > room) return false
    writeAll(fd, bytes.subarray(0, length), end)
    setWord(END, end + length)
    end += length
    return true
  }

  function read(from: number, to: number): string {
    const bytes = Buffer.alloc(Math.max(0, to - from))
    readSync(fd, bytes, 0, bytes.length, from)
    return bytes.toString("utf8")
  }

  return {
    path,
    reusable: room === SEGMENT_BYTES,
    append(line) {
      const bytes = Buffer.from(line)
      return put(bytes, bytes.length)
    },
    put,
    isTaken: () => taken() >= end,
    lines() {
      const from = taken()
      return { taken: read(HEADER_BYTES, from), waiting: read(from, end) }
    },
    reset(next) {
      end = HEADER_BYTES
      setWord(END, end)
      setWord(TAKEN, end)
      setWord(ORDER, next)
    },
    close(remove) {
      closeSync(fd)
      if (remove) rmSync(path, { force: true })
    },
  }
}

// Where what was written once can be written again whatever becomes of the disk. File systems that
// copy on write need new room for it, and end the process with a signal when there is none.
// Numbers: https://man7.org/linux/man-pages/man2/statfs.2.html (ext2 to ext4, XFS, tmpfs)
const IN_PLACE: ReadonlySet<number> = new Set([0xef53, 0x58_46_53_42, 0x01_02_19_94])

/** Whether segments beside this file may be mapped. */
export function canMap(path: string): boolean {
  if (process.platform !== "linux") return false
  try {
    return IN_PLACE.has(statfsSync(dirname(path)).type)
  } catch {
    return false
  }
}

function headerOf(order: number): Uint8Array {
  return new Uint8Array(new Int32Array([MAGIC, order, HEADER_BYTES, HEADER_BYTES]).buffer)
}

function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  let done = 0
  while (done < bytes.length) {
    const n = writeSync(fd, bytes, done, bytes.length - done, at + done)
    if (n === 0) throw new Error("nothing was written")
    done += n
  }
}
