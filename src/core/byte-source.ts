/** Bytes as they come over the network, with one reader: either `read` again and again, or `pipe` once. */
export interface ByteSource {
  /**
   * The next bytes, without a promise where they are there already; undefined at the end. Asked for
   * again only when the last read has ended. The bytes are the reader's to keep.
   *
   * @throws (or rejects with) what it broke off with
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** Hands everything from now on to the sink, in the same turn in which it comes, until its end. */
  pipe(sink: ByteSink): void
  /** Takes nothing more from the network, so that a slow reader slows the sender. Only with `pipe`. */
  pause(): void
  resume(): void
  /** Ends it early; the sink is told nothing more, and a read that waits ends with undefined. */
  cancel(): void
}

/** Who takes the bytes of a `ByteSource`: any number of `data`, then one of the others. None of them throws. */
export interface ByteSink {
  /**
   * Takes the bytes from `start` to `end`, or all; they are the sink's to keep. Nothing is cut out for it: that
   * takes five allocations, more than all else that most bytes go through.
   */
  data(bytes: Uint8Array, start?: number, end?: number): void
  end(): void
  fail(error: unknown): void
}

/** Who takes bytes on their way to a client. */
export interface ByteWriter {
  /**
   * Takes the bytes from `start` to `end`, or all. They are the writer's only during the call.
   *
   * @returns whether the client takes more; if not, these bytes were kept, but no others should follow until `drained`
   */
  write(bytes: Uint8Array, start?: number, end?: number): boolean
}

/** The bytes from `start` to `end`, where they stand. */
export function cut(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
}

/** Header values by lower-case name, as `Headers` gives them; several of one name are joined by `, `. */
export interface HeaderView {
  get(name: string): string | null
  has(name: string): boolean
  /** Whether a name begins so; absent where that takes a look at each of them. */
  hasBeginning?(beginning: string): boolean
  forEach(each: (value: string, name: string) => void): void
  /**
   * What somebody has found out about a request by all of it but its body, kept for the requests that are the same
   * but for that: null at first. Absent where there are none.
   */
  found?: object | null
}
