import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { MOST_WORKERS } from "../core/worker-count.ts"

/** Words between what different processes write, so that they do not share a cache line. */
const LINE = 16
/** Words of the whole memory: who has the lock, how many records there are, whether they do not tell all any more. */
export const LOCK = 0
export const HEAD = LINE
export const WRAPPED = HEAD + 1
const SLOTS = 2 * LINE
/** Words of one worker, from where its slot begins. */
export const STATE = 0
export const TAIL = 1
export const ACTIVE = 2
export const RETRIES = 3
export const WAITING = 4
const HEADER_WORDS = SLOTS + MOST_WORKERS * LINE

/** What a worker's `STATE` is: it is not there; it reads the log; it needs to be told all; that was written down. */
export const ABSENT = 0
export const PRESENT = 1
export const ASKING = 2
export const TOLD = 3

/** 32-bit words of one record, and how many of them are whole numbers; the others are 64-bit numbers. */
export const RECORD_WORDS = 16
export const RECORD_INTS = 4
/** Records that there is room for: more than a second of what two busy cores write. A power of two. */
export const ROOM = 131_072

const FOLDER = "llmrouter-workers-"
const FILE = "memory"

/** Memory that several processes share, as they see it. */
export interface SharedMemory {
  /** What it is found by in other processes; also a place for files that they hand over. */
  readonly folder: string
  readonly words: Int32Array<ArrayBuffer>
  readonly numbers: Float64Array<ArrayBuffer>
  /** The first word and the first number of the records, and how many of them there is room for. */
  readonly recordWords: number
  readonly recordNumbers: number
  readonly room: number
}

/** Where a worker's own words begin. */
export function slotOf(worker: number): number {
  return SLOTS + worker * LINE
}

/**
 * Makes it, in memory where the system has a place for that, else in a file for a while.
 *
 * @param room records, a power of two
 * @throws Error when there is no room
 */
export function createSharedMemory(room = ROOM): SharedMemory {
  const places = existsSync("/dev/shm") ? ["/dev/shm", tmpdir()] : [tmpdir()]
  let problem: unknown
  for (const place of places) {
    let folder: string | undefined
    try {
      // Only this user can enter it.
      folder = mkdtempSync(join(place, FOLDER))
      writeZeros(join(folder, FILE), 4 * (HEADER_WORDS + room * RECORD_WORDS))
      return openSharedMemory(folder)
    } catch (thrown) {
      problem = thrown
      if (folder) rmSync(folder, { recursive: true, force: true })
    }
  }
  throw problem
}

/** Maps what another process has made. @throws Error when it is not there */
export function openSharedMemory(folder: string): SharedMemory {
  const bytes = Bun.mmap(join(folder, FILE), { shared: true })
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array<ArrayBuffer>
  return {
    folder,
    words: new Int32Array(buffer, byteOffset, byteLength / 4),
    numbers: new Float64Array(buffer, byteOffset, byteLength / 8),
    recordWords: HEADER_WORDS,
    recordNumbers: HEADER_WORDS / 2,
    room: (byteLength / 4 - HEADER_WORDS) / RECORD_WORDS,
  }
}

/** Nobody can find it any more; it is there for those who have mapped it. */
export function removeSharedMemory({ folder }: Pick<SharedMemory, "folder">): void {
  rmSync(folder, { recursive: true, force: true })
}

/** Really writes them: memory that is only promised kills who uses it when there is none left. */
function writeZeros(path: string, size: number): void {
  const fd = openSync(path, "wx", 0o600)
  try {
    const zeros = Buffer.alloc(Math.min(size, 1 << 20))
    for (let left = size; left > 0; ) left -= writeSync(fd, zeros, 0, Math.min(left, zeros.length))
  } finally {
    closeSync(fd)
  }
}
