import type { ByteSource } from "../../core/byte-source.ts"
import { type EndSignal, Life } from "../../core/life.ts"
import { sourceOfIterable } from "../../transport/byte-sources.ts"

/** How fast the demo speaks. */
export interface Pace {
  /** Milliseconds before anything is answered. */
  firstToken: number
  /** 0 is as fast as possible. */
  tokensPerSecond: number
}

/** A piece of a stream and the number of tokens in it. */
export interface Piece {
  text: string
  tokens: number
}

/** Bytes that are handed over together when there is no pace. */
const BATCH = 16_384
/** What ends a stream whose reader has left. */
const CANCELLED = Symbol("cancelled")

/** Resolves after `ms`. @throws the signal's reason as soon as it is aborted. */
export function wait(ms: number, signal: EndSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason)
  if (ms <= 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort)
      resolve()
    }, ms)
    signal.addEventListener("abort", onAbort, { once: true })
  })
}

/**
 * The pieces as a stream at a human pace. Nothing is made before the reader asks; when the reader
 * cancels or the signal aborts, the timer stops and the rest is never made.
 */
export function pacedStream(pieces: Iterable<Piece>, pace: Pace, signal: EndSignal): ByteSource {
  const source = pieces[Symbol.iterator]()
  const encoder = new TextEncoder()
  const left = new Life()
  const leave = () => left.abort(signal.reason)
  signal.addEventListener("abort", leave, { once: true })
  if (signal.aborted) leave()
  const start = performance.now() + pace.firstToken
  let spoken = 0
  let held: Piece | undefined

  async function* batches(): AsyncGenerator<Uint8Array> {
    try {
      for (let more = true; more; ) {
        await wait(dueAt() - performance.now(), left)
        let batch = ""
        do {
          const piece = take()
          more = piece !== undefined
          if (!piece) break
          batch += piece.text
          spoken += piece.tokens
        } while (batch.length < BATCH && dueAt() <= performance.now())
        if (batch) yield encoder.encode(batch)
      }
    } catch (reason) {
      // The reader that cancelled is told nothing; the one that waits learns of the abort.
      if (reason !== CANCELLED) throw reason
    } finally {
      signal.removeEventListener("abort", leave)
      source.return?.()
    }
  }
  const blocks = batches()
  return sourceOfIterable(blocks, () => {
    left.abort(CANCELLED)
    source.return?.()
    void blocks.return(undefined)
  })

  function peek(): Piece | undefined {
    held ??= source.next().value as Piece | undefined
    return held
  }

  function take(): Piece | undefined {
    const piece = peek()
    held = undefined
    return piece
  }

  /** When the next piece may be sent; pieces without tokens go along with what is before them. */
  function dueAt(): number {
    if (spoken === 0) return start
    const next = peek()
    if (pace.tokensPerSecond === 0 || !next || next.tokens === 0) return 0
    return start + (spoken * 1000) / pace.tokensPerSecond
  }
}
