import { cut } from "../core/byte-source.ts"
import type { BodyWriter, PushedBody } from "../core/exchange.ts"

/** What Bun lets a direct stream write to. */
type Controller = ReadableStreamDirectController

/**
 * A pushed body as a stream whose blocks go straight to the socket: what is written in one turn is sent
 * in one piece, and nothing is queued or promised on the way.
 * https://bun.com/docs/runtime/streams#direct-readablestream
 */
export function directStream(body: PushedBody): ReadableStream<Uint8Array> {
  // The browser's types know no direct streams.
  return new ReadableStream(new DirectSource(body) as unknown as UnderlyingSource<Uint8Array>)
}

/** A class, since every block of every stream goes through one. */
class DirectSource implements Bun.DirectUnderlyingSource<Uint8Array>, BodyWriter {
  readonly type = "direct"
  readonly #body: PushedBody
  #controller: Controller | undefined
  #blocked = false
  #over = false

  constructor(body: PushedBody) {
    this.#body = body
  }

  /** A server asks once, other readers whenever they have read what there is. */
  pull(controller: Controller): void {
    if (this.#controller) return
    this.#controller = controller
    this.#body.start(this)
  }

  cancel(): void {
    this.#over = true
    this.#body.cancel()
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (this.#over) return true
    // Bun takes it now, and copies what it cannot send.
    const written = this.#controller!.write(cut(bytes, start, end))
    if (typeof written === "number") return true
    if (!this.#blocked) {
      this.#blocked = true
      written.then(this.#drained, this.#drained)
    }
    return false
  }

  end(): void {
    if (this.#over) return
    this.#over = true
    this.#controller!.close()
  }

  fail(error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#controller!.close(error as Error)
  }

  readonly #drained = (): void => {
    this.#blocked = false
    if (!this.#over) this.#body.drained()
  }
}
