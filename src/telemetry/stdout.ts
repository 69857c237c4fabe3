import { writeSync } from "node:fs"
import type { Page, Room } from "./request-line.ts"

/** Where log lines go. */
export interface LogSink {
  /** Writes at once, after all that waits. */
  write(text: string): void
  /** Room for a line that is written soon, together with what else comes: for those of which there are very many. */
  readonly room: Room
  readonly isTTY: boolean
  /** Whether colours may be used. */
  readonly colour: boolean
}

/** Milliseconds that a line waits at most. */
const COLLECT_MS = 10
/** Bytes that a pipe takes in one piece, whoever else writes to it: other workers do. See `PIPE_BUF` in pipe(7). */
const MOST = 4096
/** How often, and for how many milliseconds, the end waits for a reader that takes nothing. */
const END_TURNS = 200
const END_TURN_MS = 5
const NEVER = new Int32Array(new SharedArrayBuffer(4))
const STDOUT = 1

/** Whole lines that wait. Made when there is a line. */
let page: Page | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let endsWell = false

/** What waits, as bytes of its own: standard output may keep them until somebody reads. */
function take(): Uint8Array {
  clearTimeout(timer)
  timer = undefined
  if (!page) return new Uint8Array()
  const taken = page.bytes.slice(0, page.end)
  page.end = 0
  return taken
}

function flush(): void {
  const taken = take()
  if (taken.length > 0) process.stdout.write(taken)
}

/** At the process's end there is no later: waits for whoever reads, but not for ever. */
function flushAtEnd(): void {
  let patience = END_TURNS
  const taken = take()
  for (let done = 0; done < taken.length; ) {
    try {
      done += writeSync(STDOUT, taken, done)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || patience-- === 0) return
      Atomics.wait(NEVER, 0, 0, END_TURN_MS)
    }
  }
}

function begin(): void {
  timer = setTimeout(flush, COLLECT_MS)
  if (endsWell) return
  endsWell = true
  process.on("exit", flushAtEnd)
}

/** Standard output. Looked at only when there is a line: that takes milliseconds. */
export const stdout: LogSink = {
  write(text) {
    if (timer) flush()
    process.stdout.write(text)
  },
  room(bytes) {
    if (bytes > MOST) return undefined
    page ??= { bytes: new Uint8Array(MOST), end: 0 }
    if (page.end + bytes > MOST) flush()
    if (!timer) begin()
    return page
  },
  get isTTY() {
    return process.stdout.isTTY === true
  },
  get colour() {
    return this.isTTY && !process.env["NO_COLOR"]
  },
}
