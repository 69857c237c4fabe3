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
class Stream implements PushedBody, BodyWriter, Deadline {
  /** When the client has to hear something. */
  at = Number.POSITIVE_INFINITY
  place = -1
  readonly #context: GatewayContext
  readonly #exchange: Exchange
  readonly #answer: PushedBody
  readonly #keepAlive: number
  readonly #first: Uint8Array | undefined
  #writer: BodyWriter | undefined
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

  write(bytes: Uint8Array, start?: number, end?: number): boolean {
    if (this.#over) return true
    // The next tick looks at the clock, for all streams.
    this.at = Number.NEGATIVE_INFINITY
    const more = this.#writer!.write(bytes, start, end)
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

  renew(now: number): boolean {
    if (this.at !== Number.NEGATIVE_INFINITY) return false
    this.at = now + this.#keepAlive
    return true
  }

  expire(): void {
    // Who takes nothing is told nothing.
    if (!this.#blocked) this.#blocked = !this.#writer!.write(keepAliveOf(this.#exchange))
    this.#listen()
  }

  #listen(): void {
    const { clock, watchdog } = this.#context
    this.at = clock.now() + this.#keepAlive
    watchdog.watch(this)
  }

  #release(): void {
    this.#over = true
    if (this.#keepAlive > 0) this.#context.watchdog.release(this)
    this.#exchange.signal.removeEventListener("abort", this)
  }
}
