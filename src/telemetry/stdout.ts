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
/** Milliseconds after which a reader that has taken nothing is offered it again. */
const AGAIN_MS = 5
/** How often in a row the end does so, for then there is no later. */
const END_TURNS = 200
const NEVER = new Int32Array(new SharedArrayBuffer(4))
const STDOUT = 1

/**
 * Writes by itself what it is given: the runtime's own stream would lose at the end what its reader has not
 * taken yet, and join pieces to larger ones.
 *
 * @param most bytes that are written at once
 */
function createStdout(most: number): LogSink {
  /** Whole lines that wait. Made when there is a line. */
  let page: Page | undefined
  let waiting: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let begun = false
  /** What the reader has not taken. */
  const unsent: Uint8Array[] = []
  let again: ReturnType<typeof setTimeout> | undefined

  function begin(): void {
    if (begun) return
    begun = true
    process.on("exit", end)
    // A pipe that has been looked at does not block the process.
    void process.stdout.isTTY
  }

  function send(bytes: Uint8Array): void {
    begin()
    unsent.push(bytes)
    if (!again) sendOn()
  }

  /** @returns whether the reader has taken something */
  function sendOn(): boolean {
    again = undefined
    for (let any = false; ; any = true) {
      const [next] = unsent
      if (!next) return any
      const taken = put(next)
      if (taken === next.length) {
        unsent.shift()
        continue
      }
      unsent[0] = next.subarray(taken)
      again = setTimeout(sendOn, AGAIN_MS)
      again.unref()
      return any || taken > 0
    }
  }

  /** Waits for whoever reads, but not for ever. */
  function end(): void {
    flush()
    for (let turns = END_TURNS; unsent.length > 0 && turns > 0; turns--) {
      if (sendOn()) turns = END_TURNS
      else Atomics.wait(NEVER, 0, 0, AGAIN_MS)
    }
  }

  function sendPage(): void {
    if (!page || page.end === 0) return
    // As bytes of its own: they may wait until somebody reads.
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

  return {
    write(text) {
      flush()
      send(Buffer.from(text))
    },
    later(fill) {
      waiting = fill
      if (timer) return
      begin()
      timer = setTimeout(flush, COLLECT_MS)
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

/** @returns bytes that were taken: all of them where nobody will ever read them */
function put(bytes: Uint8Array): number {
  try {
    return writeSync(STDOUT, bytes)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : bytes.length
  }
}

/** Standard output. Looked at only when there is a line: that takes milliseconds. */
export const stdout = createStdout(TOGETHER)

/** The same where other workers have it, too. */
export const sharedStdout = createStdout(ONE_PIECE)
