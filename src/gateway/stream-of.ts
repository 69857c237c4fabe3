import type { BodyWriter, Exchange, PushedBody } from "../core/exchange.ts"
import type { Deadline } from "../transport/watchdog.ts"
import type { GatewayContext } from "./context.ts"

/** White space is nothing in every place of a JSON document. */
const SPACE = Buffer.from("\n")

/** Bytes that this exchange's client ignores inside its stream. */
export function keepAliveOf(exchange: Exchange): Uint8Array {
  const { ingress } = exchange.protocol
  return ingress.streamType?.(exchange) === undefined ? ingress.keepAlive : SPACE
}

/**
 * The body that the server sends: with a keepalive where the answer is long in coming, and ended when
 * its client leaves.
 *
 * @param keepAlive milliseconds; 0 is never
 * @param first sent at once
 */
export function streamOf(
  context: GatewayContext,
  exchange: Exchange,
  answer: PushedBody,
  keepAlive: number,
  first?: Uint8Array,
): PushedBody {
  return new Stream(context, exchange, answer, keepAlive, first)
}

/** A class, since every block of every stream goes through one. */
class Stream implements PushedBody, BodyWriter {
  readonly #context: GatewayContext
  readonly #exchange: Exchange
  readonly #answer: PushedBody
  readonly #keepAlive: number
  readonly #first: Uint8Array | undefined
  #writer: BodyWriter | undefined
  /** When the client has to hear something; there is one only where it has to. */
  #silence: Deadline | undefined
  #blocked = false
  #over = false

  constructor(
    context: GatewayContext,
    exchange: Exchange,
    answer: PushedBody,
    keepAlive: number,
    first: Uint8Array | undefined,
  ) {
    this.#context = context
    this.#exchange = exchange
    this.#answer = answer
    this.#keepAlive = keepAlive
    this.#first = first
    const { signal } = exchange
    if (signal.aborted) this.cancel()
    else signal.addEventListener("abort", this, { once: true })
  }

  start(writer: BodyWriter): void {
    if (this.#over) {
      writer.end()
      return
    }
    this.#writer = writer
    if (this.#keepAlive > 0) this.#listen()
    if (this.#first) this.write(this.#first)
    this.#answer.start(this)
  }

  drained(): void {
    this.#blocked = false
    if (!this.#over) this.#answer.drained()
  }

  cancel(): void {
    if (this.#over) return
    this.#release()
    this.#answer.cancel()
  }

  /** The client has left. */
  handleEvent(): void {
    this.cancel()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#over) return true
    if (this.#silence) this.#silence.at = this.#context.clock.now() + this.#keepAlive
    const more = this.#writer!.write(bytes)
    if (!more) this.#blocked = true
    return more
  }

  end(): void {
    if (this.#over) return
    this.#release()
    this.#writer!.end()
  }

  fail(error: unknown): void {
    if (this.#over) return
    this.#release()
    this.#writer!.fail(error)
  }

  #listen(): void {
    const { clock, watchdog } = this.#context
    this.#silence = {
      at: clock.now() + this.#keepAlive,
      expire: () => {
        // Who takes nothing is told nothing.
        if (!this.#blocked) this.#blocked = !this.#writer!.write(keepAliveOf(this.#exchange))
        this.#listen()
      },
    }
    watchdog.watch(this.#silence)
  }

  #release(): void {
    this.#over = true
    if (this.#silence) this.#context.watchdog.release(this.#silence)
    this.#exchange.signal.removeEventListener("abort", this)
  }
}
