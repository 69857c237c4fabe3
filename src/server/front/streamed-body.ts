import type { BodyWriter, PushedBody } from "../../core/exchange.ts"
import { type Outgoing, scratch, TOGETHER } from "./outgoing.ts"

/** Bytes around a chunk: its length in hexadecimal digits, and the ends of both lines. */
const AROUND = 24
const CR = 0x0d
const LF = 0x0a
const DIGITS = Buffer.from("0123456789abcdef")
const LINE_END = Buffer.from("\r\n")
/** Also for bytes that are no Buffer. */
const { copy } = Buffer.prototype
const LAST_CHUNK = "0\r\n\r\n"

/** Whose connection a body goes out on. */
export interface Bearer {
  /** The body is written to its end. */
  done(): void
  /** The body broke off, and only the connection can say so. */
  broken(): void
}

/**
 * A pushed body, sent as it comes: in chunks, or to a client of HTTP/1.0 plain, up to the connection's
 * end. A class, since every block of every stream goes through one.
 */
export class StreamedBody implements BodyWriter {
  readonly #out: Outgoing
  readonly #body: PushedBody
  readonly #bearer: Bearer
  readonly #chunked: boolean
  /** What is still to be sent before the first chunk; then undefined. */
  #head: Uint8Array | undefined
  #blocked = false
  #over = false

  constructor(
    out: Outgoing,
    head: Uint8Array | undefined,
    body: PushedBody,
    bearer: Bearer,
    chunked: boolean,
  ) {
    this.#out = out
    this.#head = head
    this.#body = body
    this.#bearer = bearer
    this.#chunked = chunked
  }

  start(): void {
    this.#body.start(this)
    // The client learns that it is served, though nothing is there for it yet.
    if (this.#head && !this.#over) this.#out.sendScratch(this.#putHead())
  }

  /** The socket has taken all that waited. */
  drained(): void {
    if (!this.#blocked || this.#over) return
    this.#blocked = false
    this.#body.drained()
  }

  /** The client has left. */
  cancel(): void {
    this.#over = true
    this.#body.cancel()
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    const length = end - start
    // An empty chunk would be the last one.
    if (this.#over || length === 0) return true
    const out = this.#out
    const chunked = this.#chunked
    let size = this.#putHead()
    if (chunked) size = putSize(length, size)
    if (size + length + AROUND <= TOGETHER) {
      if (length === bytes.length) scratch.set(bytes, size)
      else copy.call(bytes, scratch, size, start, end)
      size += length
      if (chunked) {
        scratch[size++] = CR
        scratch[size++] = LF
      }
      out.sendScratch(size)
    } else {
      if (size > 0) out.sendScratch(size)
      out.sendBorrowed(bytes, start, end)
      if (chunked) out.send(LINE_END)
    }
    this.#blocked = out.waits
    return !this.#blocked
  }

  end(): void {
    if (this.#over) return
    this.#over = true
    let size = this.#putHead()
    if (this.#chunked) size += scratch.write(LAST_CHUNK, size, "latin1")
    if (size > 0) this.#out.sendScratch(size)
    this.#bearer.done()
  }

  fail(_error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#bearer.broken()
  }

  /** @returns bytes of the head that now stand at the beginning of `scratch` */
  #putHead(): number {
    const head = this.#head
    if (!head) return 0
    scratch.set(head)
    this.#head = undefined
    return head.length
  }
}

/** Puts the first line of a chunk into `scratch`. @returns the offset behind it */
function putSize(bytes: number, offset: number): number {
  let at = offset
  for (let shift = (31 - Math.clz32(bytes)) & ~3; shift >= 0; shift -= 4) {
    scratch[at++] = DIGITS[(bytes >>> shift) & 15]!
  }
  scratch[at++] = CR
  scratch[at++] = LF
  return at
}
