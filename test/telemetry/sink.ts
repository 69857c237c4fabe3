import type { LogSink } from "../../src/telemetry/log.ts"

/** A sink that keeps what is written; nothing waits in it. */
export function keepLines(over: Partial<LogSink> = {}): { sink: LogSink; lines: string[] } {
  const lines: string[] = []
  const sink: LogSink = {
    write: (line) => void lines.push(line),
    later: (fill) => fill(),
    room: () => undefined,
    isTTY: false,
    colour: false,
    ...over,
  }
  return { sink, lines }
}
