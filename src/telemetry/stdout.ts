import { writeSync } from "node:fs"

/** Where log lines go. */
export interface LogSink {
  /** Writes at once, after all that waits. */
  write(text: string): void
  /** Writes soon, together with what else comes: for the lines of which there are very many. */
  collect(line: string): void
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
const LF = 0x0a

let waiting = ""
let timer: ReturnType<typeof setTimeout> | undefined
let endsWell = false

function flush(): void {
  for (const piece of take()) process.stdout.write(piece)
}

/** What waits, in pieces that a pipe takes whole, each of whole lines. */
function take(): Uint8Array[] {
  clearTimeout(timer)
  timer = undefined
  const bytes = Buffer.from(waiting)
  waiting = ""
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const most = at + MOST
    // A line that is longer goes alone.
    const last = most >= bytes.length ? bytes.length - 1 : bytes.lastIndexOf(LF, most - 1)
    const end = 1 + (last < at ? bytes.indexOf(LF, at) : last)
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}

/** At the process's end there is no later: waits for whoever reads, but not for ever. */
function flushAtEnd(): void {
  let patience = END_TURNS
  for (const piece of take()) {
    for (let done = 0; done < piece.length; ) {
      try {
        done += writeSync(STDOUT, piece, done)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || patience-- === 0) return
        Atomics.wait(NEVER, 0, 0, END_TURN_MS)
      }
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
  collect(line) {
    if (waiting.length + line.length > MOST) flush()
    waiting += line
    if (!timer) begin()
  },
  get isTTY() {
    return process.stdout.isTTY === true
  },
  get colour() {
    return this.isTTY && !process.env["NO_COLOR"]
  },
}
