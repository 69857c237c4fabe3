import { writeSync } from "node:fs"
import type { Page, Room } from "./request-line.ts"

/** Where log lines go. */
export interface LogSink {
  /** Writes at once, after all that waits. */
  write(text: string): void
  /**
   * For lines of which there are very many: they are written together, which costs half. Calls `fill` soon, and
   * before anything else is written; it then asks for `room` for each of them.
   */
  later(fill: () => void): void
  readonly room: Room
  readonly isTTY: boolean
  /** Whether colours may be used. */
  readonly colour: boolean
}

/** Milliseconds that a line waits at most. */
const COLLECT_MS = 10
/** Bytes that are written at once. */
const TOGETHER = 64 * 1024
/** The same where others write to the same pipe: what it takes in one piece. See `PIPE_BUF` in pipe(7). */
const ONE_PIECE = 4096
/** How often, and for how many milliseconds, the end waits for a reader that takes nothing. */
const END_TURNS = 200
const END_TURN_MS = 5
const NEVER = new Int32Array(new SharedArrayBuffer(4))
const STDOUT = 1

/** @param most bytes that are written at once */
function createStdout(most: number): LogSink {
  /** Whole lines that wait. Made when there is a line. */
  let page: Page | undefined
  let waiting: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let endsWell = false
  let send: (taken: Uint8Array) => void = (taken) => process.stdout.write(taken)

  function sendPage(): void {
    if (!page || page.end === 0) return
    // As bytes of its own: standard output may keep them until somebody reads.
    const taken = page.bytes.slice(0, page.end)
    page.end = 0
    send(taken)
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const fill = waiting
    waiting = undefined
    fill?.()
    sendPage()
  }

  function begin(): void {
    timer = setTimeout(flush, COLLECT_MS)
    if (endsWell) return
    endsWell = true
    process.on("exit", () => {
      send = sendAtEnd()
      flush()
    })
  }

  return {
    write(text) {
      flush()
      send(Buffer.from(text))
    },
    later(fill) {
      waiting = fill
      if (!timer) begin()
    },
    room(bytes) {
      if (bytes > most) return undefined
      page ??= { bytes: new Uint8Array(most), end: 0 }
      if (page.end + bytes > most) sendPage()
      return page
    },
    get isTTY() {
      return process.stdout.isTTY === true
    },
    get colour() {
      return this.isTTY && !process.env["NO_COLOR"]
    },
  }
}

/** At the process's end there is no later: waits for whoever reads, but not for ever. */
function sendAtEnd(): (taken: Uint8Array) => void {
  let patience = END_TURNS
  return (taken) => {
    for (let done = 0; done < taken.length; ) {
      try {
        done += writeSync(STDOUT, taken, done)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || patience-- === 0) return
        Atomics.wait(NEVER, 0, 0, END_TURN_MS)
      }
    }
  }
}

/** Standard output. Looked at only when there is a line: that takes milliseconds. */
export const stdout = createStdout(TOGETHER)

/** The same where other workers have it, too. */
export const sharedStdout = createStdout(ONE_PIECE)
