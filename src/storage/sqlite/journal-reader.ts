import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs"
import type { SegmentFile } from "./journal-files.ts"
import { END, HEADER_BYTES, MAGIC, ORDER, TAKEN } from "./segment.ts"

/** Lines of one segment that are not in the database yet. */
export interface Stretch {
  readonly path: string
  /** Its age among the segments of its journal. */
  readonly order: number
  /** Its bytes: from the first one to before the second. */
  readonly from: number
  readonly to: number
  /** Whether the file notes what is stored of it. */
  readonly headed: boolean
}

const NEWLINE = 0x0a
const WORD_BYTES = 4

/** What is not stored of a segment; undefined when it is all stored, or has gone. */
export function stretchOf({ path, number, headed }: SegmentFile): Stretch | undefined {
  return withFile(path, "r", (fd) => {
    const { size } = fstatSync(fd)
    if (!headed) return size > 0 ? { path, order: number, from: 0, to: size, headed } : undefined
    const words = new Int32Array(HEADER_BYTES / WORD_BYTES)
    const header = new Uint8Array(words.buffer)
    if (readSync(fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return undefined
    const [magic, order = 0, from = 0] = [words[0], words[ORDER], words[TAKEN]]
    // Read by itself, after the others: see the header's layout.
    readSync(fd, header, 0, WORD_BYTES, END * WORD_BYTES)
    const to = Math.min(words[0] ?? 0, size)
    // And this one after that: where it has changed, its process has begun to use it again meanwhile.
    readSync(fd, header, 0, WORD_BYTES, ORDER * WORD_BYTES)
    const isSame = words[0] === order
    return magic === MAGIC && isSame && from < to && from >= HEADER_BYTES
      ? { path, order, from, to, headed }
      : undefined
  })
}

/** Whole lines from the start of a stretch, of about so many bytes, and where they end. */
export function readLines(
  { path, from, to }: Stretch,
  most: number,
): { bytes: Buffer; to: number } {
  const read = withFile(path, "r", (fd) => {
    const bytes = readRange(fd, from, Math.min(to - from, most))
    if (bytes.length === to - from) return bytes
    const end = bytes.lastIndexOf(NEWLINE) + 1
    // A line longer than that: take the stretch as it is.
    return end > 0 ? bytes.subarray(0, end) : readRange(fd, from, to - from)
  })
  if (!read || read.length === 0) return { bytes: Buffer.alloc(0), to }
  return { bytes: read, to: from + read.length }
}

/** Notes in a segment how far it is stored; its process may use it again once that is all. */
export function noteTaken({ path, headed }: Stretch, to: number): void {
  if (!headed) return
  withFile(path, "r+", (fd) => {
    writeSync(fd, new Uint8Array(new Int32Array([to]).buffer), 0, WORD_BYTES, TAKEN * WORD_BYTES)
  })
}

/** Undefined when there is no such file any more. */
function withFile<T>(path: string, flags: string, use: (fd: number) => T): T | undefined {
  let fd: number
  try {
    fd = openSync(path, flags)
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === "ENOENT") return undefined
    throw thrown
  }
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

function readRange(fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const n = readSync(fd, bytes, done, length - done, from + done)
    if (n === 0) break
    done += n
  }
  return bytes.subarray(0, done)
}
