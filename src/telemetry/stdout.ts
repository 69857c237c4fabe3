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

let waiting = ""
let timer: ReturnType<typeof setTimeout> | undefined
let endsWell = false

function flush(): void {
  clearTimeout(timer)
  timer = undefined
  if (waiting === "") return
  const text = waiting
  waiting = ""
  if (Buffer.byteLength(text) <= MOST) process.stdout.write(text)
  else for (const line of text.split("\n").slice(0, -1)) process.stdout.write(`${line}\n`)
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
