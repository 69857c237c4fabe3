import { utf8 } from "../../transport/utf8.ts"

/** Collects the events of one stream, numbered in their order. */
export interface EventWriter {
  /** @param members the event's other members, as JSON text without braces */
  write(type: string, members: string): void
  /** @returns what was written since the last time */
  take(): Uint8Array | undefined
}

/** @param first the number of the first event */
export function createEventWriter(first = 0): EventWriter {
  let sequence = first
  let pending = ""
  return {
    write(type, members) {
      pending += `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequence++},${members}}\n\n`
    },
    take() {
      if (pending === "") return undefined
      const bytes = utf8(pending)
      pending = ""
      return bytes
    },
  }
}
