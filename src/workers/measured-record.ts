import type { Measured } from "../core/traffic.ts"
import { FLAG, numberOr, present } from "./event.ts"
import type { RecordView } from "./log.ts"

/** What the first number of a record says of what was measured. */
export function flagsOf(measured: Measured | undefined): number {
  if (!measured) return 0
  return measured.stream ? FLAG.first | FLAG.second : FLAG.first
}

/** All of it, in the numbers from 1 on. */
export function writeMeasured(record: RecordView, measured: Measured | undefined): void {
  if (!measured) return
  record.setNumber(1, numberOr(measured.ttft))
  record.setNumber(2, measured.duration)
  record.setNumber(3, numberOr(measured.input))
  record.setNumber(4, numberOr(measured.output))
  record.setNumber(5, numberOr(measured.cacheRead))
}

/** The same again. */
export function readMeasured(record: RecordView): Measured | undefined {
  const flags = record.int(0)
  if ((flags & FLAG.first) === 0) return undefined
  return {
    ttft: present(record.number(1)),
    duration: record.number(2),
    stream: (flags & FLAG.second) !== 0,
    input: present(record.number(3)),
    output: present(record.number(4)),
    cacheRead: present(record.number(5)),
  }
}

/** Only the tokens, in the numbers from 3 on: nothing else counts where an attempt did not succeed. */
export function writeTokens(record: RecordView, measured: Measured | undefined): void {
  if (!measured) return
  record.setNumber(3, numberOr(measured.input))
  record.setNumber(4, numberOr(measured.output))
}

/** The same again. */
export function readTokens(record: RecordView): Measured | undefined {
  const flags = record.int(0)
  if ((flags & FLAG.first) === 0) return undefined
  return {
    duration: 0,
    stream: (flags & FLAG.second) !== 0,
    input: present(record.number(3)),
    output: present(record.number(4)),
  }
}
