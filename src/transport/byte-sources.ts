import type { ByteSink, ByteSource } from "../core/byte-source.ts"

/** A web stream as a `ByteSource`. */
export function sourceOfStream(stream: ReadableStream<Uint8Array>): ByteSource {
  const reader = stream.getReader()
  return new PulledSource(
    async () => {
      const { done, value } = await reader.read()
      return done ? undefined : value
    },
    () => void reader.cancel().catch(() => {}),
  )
}

/** Blocks that are made when they are asked for. @param cancel told when nobody wants the rest */
export function sourceOfIterable(
  blocks: Iterable<Uint8Array> | AsyncGenerator<Uint8Array>,
  cancel = () => {},
): ByteSource {
  if (Symbol.asyncIterator in blocks) {
    return new PulledSource(async () => (await blocks.next()).value, cancel)
  }
  const iterator = blocks[Symbol.iterator]()
  return new PulledSource(() => iterator.next().value, cancel)
}

/** What becomes of one block: nothing, where `bytes` is undefined; `last` ends the source with it. */
export interface Mapped {
  bytes: Uint8Array | undefined
  last?: boolean
}

/** The same source with each block rewritten. @param map never throws */
export function mapSource(source: ByteSource, map: (bytes: Uint8Array) => Mapped): ByteSource {
  let over = false
  const cancel = () => {
    over = true
    source.cancel()
  }
  async function next(): Promise<Uint8Array | undefined> {
    while (!over) {
      const read = source.read()
      const block = read instanceof Promise ? await read : read
      if (!block || over) return undefined
      const { bytes, last } = map(block)
      if (last) cancel()
      if (bytes) return bytes
    }
    return undefined
  }
  return new PulledSource(next, cancel)
}

type Pull = () => Uint8Array | undefined | Promise<Uint8Array | undefined>

/** A source that is asked for each of its blocks. A class for what `pipe` needs to know. */
class PulledSource implements ByteSource {
  readonly #pull: Pull
  readonly #cancel: () => void
  #sink: ByteSink | undefined
  #paused = false
  #pulling = false
  #over = false

  constructor(pull: Pull, cancel: () => void) {
    this.#pull = pull
    this.#cancel = cancel
  }

  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    return this.#over ? undefined : this.#pull()
  }

  pipe(sink: ByteSink): void {
    this.#sink = sink
    void this.#flow(sink)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    if (this.#sink) void this.#flow(this.#sink)
  }

  cancel(): void {
    if (this.#over) return
    this.#over = true
    this.#cancel()
  }

  async #flow(sink: ByteSink): Promise<void> {
    if (this.#pulling) return
    this.#pulling = true
    try {
      while (!this.#paused && !this.#over) {
        const bytes = await this.#pull()
        if (this.#over) return
        if (bytes) {
          sink.data(bytes)
          continue
        }
        this.#over = true
        sink.end()
      }
    } catch (thrown) {
      if (this.#over) return
      this.#over = true
      sink.fail(thrown)
    } finally {
      this.#pulling = false
    }
  }
}

/** All of a source, up to `limit` bytes; what lies beyond is dropped. @throws what it broke off with */
export async function bytesOf(
  source: ByteSource | null,
  limit = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  while (source && size < limit) {
    const bytes = await source.read()
    if (!bytes) break
    parts.push(bytes)
    size += bytes.length
  }
  if (size >= limit) source?.cancel()
  const all = Buffer.concat(parts)
  return size > limit ? all.subarray(0, limit) : all
}
