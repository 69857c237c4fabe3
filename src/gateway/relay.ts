import { type ByteSink, type ByteWriter, cut } from "../core/byte-source.ts"
import { clientGone, type GatewayError } from "../core/error.ts"
import type { BodyWriter, Exchange, PushedBody } from "../core/exchange.ts"
import type { StreamRelay } from "../core/protocol.ts"
import type { Events, GoOn } from "./attempt.ts"
import type { GatewayContext } from "./context.ts"
import { saidBy, tokensOf } from "./continuation/part.ts"
import type { Finish, Outcome } from "./finish.ts"
import type { Flow } from "./flow.ts"
import { Heard } from "./heard.ts"
import { failureOf, isGone, leave } from "./broken-off.ts"
import { judge } from "./judge.ts"
import { measuredOf } from "./measure.ts"

/**
 * A committed stream of events, with an error event where it fails and nobody goes on with it.
 *
 * @param keep told of the whole answer when it is complete
 */
export function relayEvents(
  context: GatewayContext,
  exchange: Exchange,
  committed: Events,
  finish: Finish,
  keep: (answer: Uint8Array) => void,
): PushedBody {
  return new Relayed(context, exchange, committed, finish, keep)
}

/** A class, since every block of every stream goes through one. */
class Relayed implements PushedBody, ByteSink, ByteWriter {
  readonly #context: GatewayContext
  readonly #exchange: Exchange
  readonly #finish: Finish
  readonly #keep: (answer: Uint8Array) => void
  readonly #goOn: GoOn | undefined
  readonly #status: number
  readonly #heard: Heard | undefined
  /** It wants to hear what comes next, too; else these are bytes that it did not. */
  #listening: boolean
  #unheard = 0
  #current: Events
  /** Those of the current one. */
  #relay: StreamRelay
  #flow: Flow
  #writer!: BodyWriter
  #over = false
  /** The client takes nothing more for now. */
  #blocked = false
  /** The current upstream is piped. */
  #piped = false
  /** The current upstream has broken off, and another one is looked for. */
  #mending = false

  constructor(
    context: GatewayContext,
    exchange: Exchange,
    committed: Events,
    finish: Finish,
    keep: (answer: Uint8Array) => void,
  ) {
    this.#context = context
    this.#exchange = exchange
    this.#finish = finish
    this.#keep = keep
    this.#goOn = committed.goOn
    this.#status = committed.status
    this.#current = committed
    // Whoever may be gone on with has every word counted.
    this.#heard = committed.call.part ? undefined : new Heard(exchange.protocol)
    this.#listening = this.#heard !== undefined
    this.#relay = committed.relay
    this.#flow = committed.flow
  }

  start(writer: BodyWriter): void {
    this.#writer = writer
    if (!this.#over) this.#begin()
  }

  drained(): void {
    this.#blocked = false
    if (this.#over || this.#mending) return
    if (this.#piped) this.#flow.resume()
    else this.#pipe()
  }

  cancel(): void {
    if (this.#over) return
    this.#over = true
    if (this.#mending) this.#goOn?.cancel()
    else leave(this.#current, this.#context)
    this.#finish({ status: 499, error: clientGone(), ...this.#unfinished() })
  }

  data(chunk: Uint8Array, start = 0, end = chunk.length): void {
    const relay = this.#relay
    if (relay.pass?.(chunk, start, end, this)) {
      if (this.#blocked) this.#flow.pause()
      return
    }
    try {
      const bytes = relay.push(cut(chunk, start, end))
      if (bytes) this.write(bytes)
    } catch (thrown) {
      this.fail(thrown)
      return
    }
    if (relay.phase !== "content") this.#judgePhase()
    else if (this.#blocked) this.#flow.pause()
  }

  /** Whole events for the client. */
  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (this.#listening) this.#listening = this.#heard!.take(bytes, start, end)
    else this.#unheard += end - start
    const more = this.#writer.write(bytes, start, end)
    if (!more) this.#blocked = true
    return more
  }

  end(): void {
    try {
      const bytes = this.#relay.end()
      if (bytes) this.write(bytes)
    } catch (thrown) {
      this.fail(thrown)
      return
    }
    this.#judgePhase()
  }

  fail(thrown: unknown): void {
    if (this.#over || this.#mending) return
    if (isGone(thrown)) this.cancel()
    else if (this.#goOn) this.#endOrMend(thrown, this.#goOn)
    else this.#give(this.#breakOff(thrown))
  }

  #endOrMend(thrown: unknown, goOn: GoOn): void {
    const rest = this.#relay.end()
    if (rest) this.write(rest)
    // What has said why it ends is whole, and nothing for anybody to go on with.
    if (this.#relay.phase === "complete") this.#complete()
    else void this.#mend(thrown, goOn)
  }

  #begin(): void {
    const { head, relay, flow } = this.#current
    this.#relay = relay
    this.#flow = flow
    this.#piped = false
    if (head.length === 1) this.write(head.pop()!)
    else if (head.length > 1) this.write(Buffer.concat(head.splice(0)))
    this.#judgePhase()
    if (!this.#blocked) this.#pipe()
  }

  #pipe(): void {
    if (this.#over || this.#mending) return
    this.#piped = true
    this.#flow.pipe(this, this.#relay)
  }

  #judgePhase(): void {
    const { phase, error } = this.#relay
    if (phase === "complete") this.#complete()
    else if (!error) return
    else if (this.#goOn) void this.#mend(error, this.#goOn)
    else this.#give(this.#breakOff(error))
  }

  #complete(): void {
    const { flow, relay, trial } = this.#current
    const { clock, health } = this.#context
    this.#over = true
    flow.settle()
    const now = clock.now()
    health.succeed(trial, measuredOf(this.#current, relay.usage, now), now)
    if (relay.answer) this.#keep(relay.answer)
    this.#finish({ status: this.#status, usage: relay.usage })
    this.#writer.end()
  }

  /** What is known of an answer that has not come to its end. */
  #unfinished(): Pick<Outcome, "usage" | "said"> {
    const { relay, call } = this.#current
    const { usage } = relay
    if (usage && relay.stopped) return { usage }
    const said = call.part ? saidBy(call.part) : tokensOf(this.#heard?.text(this.#unheard) ?? 0)
    return { usage, said: said || relay.progress }
  }

  #breakOff(thrown: unknown): GatewayError {
    const error = failureOf(this.#current, thrown, this.#context)
    this.#flow.cancel()
    judge(this.#context, this.#current.trial, error)
    return error
  }

  /** The client is told. */
  #give(error: GatewayError): void {
    const { id, protocol } = this.#exchange
    const { relay } = this.#current
    this.#over = true
    this.#finish({ status: this.#status, error, ...this.#unfinished() })
    this.#writer.write(relay.fail?.(error, id) ?? protocol.ingress.encodeStreamError(error, id))
    this.#writer.end()
  }

  async #mend(why: unknown, goOn: GoOn): Promise<void> {
    this.#mending = true
    const error = this.#breakOff(why)
    const next = await goOn.next(this.#current, error)
    this.#mending = false
    if (this.#over) {
      if (!next) return
      leave(next, this.#context)
      next.hold?.settle(next.record.wasted || null)
    } else if (next) {
      this.#current = next
      this.#begin()
    } else this.#give(error)
  }
}
