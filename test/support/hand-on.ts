import type { StreamRelay } from "../../src/core/protocol.ts"

/** Bytes around each piece, as around a chunk of HTTP: nobody may look at them. */
const AROUND = 4

/**
 * Hands a piece of a stream to a relay as the router does, and what goes on to `out`.
 *
 * @returns whether the relay took it for mere words of what came last
 */
export function handOn(relay: StreamRelay, piece: Uint8Array, out: Uint8Array[]): boolean {
  const bytes = Buffer.alloc(piece.length + 2 * AROUND, "\n")
  bytes.set(piece, AROUND)
  const listener = {
    write(written: Uint8Array, start?: number, end?: number) {
      // These bytes are ours only for now.
      out.push(Buffer.from(written.subarray(start, end)))
      return true
    },
  }
  if (relay.pass?.(bytes, AROUND, AROUND + piece.length, listener)) return true
  const part = relay.push(piece)
  if (part) out.push(Buffer.from(part))
  return false
}
