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
  data(bytes: Uint8Array): void
  end(): void
  fail(error: unknown): void
}

/** Header values by lower-case name, as `Headers` gives them; several of one name are joined by `, `. */
export interface HeaderView {
  get(name: string): string | null
  has(name: string): boolean
  /** Whether a name begins so; absent where that takes a look at each of them. */
  hasBeginning?(beginning: string): boolean
  forEach(each: (value: string, name: string) => void): void
}
