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
/** Characters that are written at once. */
const MOST = 65_536

let waiting = ""
let timer: ReturnType<typeof setTimeout> | undefined
let endsWell = false

function flush(): void {
  clearTimeout(timer)
  timer = undefined
  if (waiting === "") return
  const text = waiting
  waiting = ""
  process.stdout.write(text)
}

function begin(): void {
  timer = setTimeout(flush, COLLECT_MS)
  if (endsWell) return
  endsWell = true
  process.on("exit", flush)
}

/** Standard output. Looked at only when there is a line: that takes milliseconds. */
export const stdout: LogSink = {
  write(text) {
    if (timer) flush()
    process.stdout.write(text)
  },
  collect(line) {
    waiting += line
    if (waiting.length > MOST) flush()
    else if (!timer) begin()
  },
  get isTTY() {
    return process.stdout.isTTY === true
  },
  get colour() {
    return this.isTTY && !process.env["NO_COLOR"]
  },
}
