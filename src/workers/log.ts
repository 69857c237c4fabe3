import {
  HEAD,
  PRESENT,
  RECORD_INTS,
  RECORD_WORDS,
  type SharedMemory,
  slotOf,
  STATE,
  TAIL,
  TOLD,
  WRAPPED,
} from "./memory.ts"
import { MOST_WORKERS } from "../core/worker-count.ts"

/** Records that one event takes at most: names come in pieces. */
const LONGEST = 64

/** One record, where it lies. Valid until the next one is looked at. */
export class RecordView {
  readonly #memory: SharedMemory
  #ints = 0
  #numbers = 0

  constructor(memory: SharedMemory) {
    this.#memory = memory
  }

  /** @param position in the log; it wraps at 2^32 */
  at(position: number): this {
    const { room, recordWords, recordNumbers } = this.#memory
    const index = position & (room - 1)
    this.#ints = recordWords + index * RECORD_WORDS
    this.#numbers = recordNumbers + (index * RECORD_WORDS + RECORD_INTS) / 2
    return this
  }

  /** @param index 0 to 3 */
  int(index: number): number {
    return this.#memory.words[this.#ints + index]!
  }

  setInt(index: number, value: number): void {
    this.#memory.words[this.#ints + index] = value
  }

  /** @param index 0 to 5 */
  number(index: number): number {
    return this.#memory.numbers[this.#numbers + index]!
  }

  setNumber(index: number, value: number): void {
    this.#memory.numbers[this.#numbers + index] = value
  }

  /** A copy of bytes that lie where the numbers do. @param index of the first number; @param length bytes */
  bytes(index: number, length: number): Uint8Array {
    return this.#bytes(index, length).slice()
  }

  setBytes(index: number, bytes: Uint8Array): void {
    this.#bytes(index, bytes.length).set(bytes)
  }

  #bytes(index: number, length: number): Uint8Array {
    const { buffer, byteOffset } = this.#memory.numbers
    return new Uint8Array(buffer, byteOffset + 8 * (this.#numbers + index), length)
  }
}

/**
 * What all workers have done, in the one order that they all see. A record is there when the number of records says
 * so: who dies while it writes has written nothing. All but `news` is only for who has the lock.
 */
export interface EventLog {
  /** Whether there may be something that this worker has not read. */
  readonly news: boolean
  /** Whether this worker has been left behind: what it has not read is not there any more. */
  readonly lost: boolean
  /** How many records there are. */
  readonly head: number
  /** The next one that was not read; undefined when all were. */
  next(): RecordView | undefined
  /**
   * Makes sure that one event can be written: as many records as it ever takes. Who has not read what is to be written
   * over is lost. Before the event is applied, since a lost worker is told all that this one knows.
   */
  makeRoom(): void
  /** A place for a record, to be filled in when all others were read. */
  begin(): RecordView
  /** It is complete: others see it. This worker has read it. */
  commit(): void
  /** Takes part from this record on, as if all before had been read. */
  join(position: number): void
}

/** @param left told of a worker that has not read what is about to be written over: it is lost */
export function createEventLog(
  memory: SharedMemory,
  worker: number,
  left: (worker: number) => void,
): EventLog {
  const { words, room } = memory
  const slot = slotOf(worker)
  const view = new RecordView(memory)
  let position = words[slot + TAIL]!
  /** Up to where can be written without asking who has read how far. */
  let free = position

  function look(): void {
    let most = room
    for (let each = 0; each < MOST_WORKERS; each++) {
      const other = slotOf(each)
      const state = words[other + STATE]
      // Who was told everything goes on from there.
      if (each === worker || (state !== PRESENT && state !== TOLD)) continue
      const space = room - ((position - words[other + TAIL]!) | 0)
      if (space < LONGEST) left(each)
      else if (space < most) most = space
    }
    free = (position + most) | 0
  }

  function readUpTo(next: number): void {
    position = next | 0
    words[slot + TAIL] = position
  }

  return {
    get news() {
      return words[HEAD] !== position || words[slot + STATE] !== PRESENT
    },
    get lost() {
      return words[slot + STATE] !== PRESENT
    },
    get head() {
      return words[HEAD]!
    },
    next() {
      if (words[HEAD] === position) return undefined
      const at = position
      readUpTo(position + 1)
      return view.at(at)
    },
    makeRoom() {
      if (((free - position) | 0) < LONGEST) look()
    },
    begin: () => view.at(position),
    commit() {
      readUpTo(position + 1)
      if (position === room) words[WRAPPED] = 1
      Atomics.store(words, HEAD, position)
    },
    join(next) {
      readUpTo(next)
      free = position
      Atomics.store(words, slot + STATE, PRESENT)
    },
  }
}
