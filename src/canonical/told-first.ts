import type { CanonicalEvent } from "../core/canonical.ts"

/**
 * Reads a stream frame by frame. What came before a failure is told first, wherever the bytes were cut:
 * the failure is thrown at once where nothing did, else by whatever is asked next.
 */
export class ToldFirst<Frame> {
  failure: unknown
  readonly #read: (frame: Frame) => readonly CanonicalEvent[]

  constructor(read: (frame: Frame) => readonly CanonicalEvent[]) {
    this.#read = read
  }

  /** @throws what a frame could not be read for, unless events came before it */
  take(frames: Iterable<Frame>): CanonicalEvent[] {
    this.check()
    const events: CanonicalEvent[] = []
    try {
      for (const frame of frames) events.push(...this.#read(frame))
    } catch (thrown) {
      if (events.length === 0) throw thrown
      this.failure = thrown
    }
    return events
  }

  /** @throws what nothing follows for any more */
  check(): void {
    if (this.failure !== undefined) throw this.failure
  }
}
