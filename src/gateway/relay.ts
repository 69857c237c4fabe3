import type { ByteSink } from "../core/byte-source.ts"
import { clientGone, type GatewayError, toGatewayError } from "../core/error.ts"
import type { BodyWriter, Exchange, PushedBody } from "../core/exchange.ts"
import type { Committed, Events } from "./attempt.ts"
import { recordFailure } from "./attempt-record.ts"
import type { GatewayContext } from "./context.ts"
import { saidBy, tokensOf } from "./continuation/part.ts"
import { dispose } from "./disposition.ts"
import { explain } from "./explain.ts"
import type { Finish, Outcome } from "./finish.ts"
import { Heard } from "./heard.ts"
import { judge } from "./judge.ts"
import { measuredOf } from "./measure.ts"

type Bytes = Extract<Committed, { kind: "bytes" }>

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
  const { goOn, status } = committed
  let current = committed
  // Whoever may be gone on with has every word counted.
  const heard = committed.call.part ? undefined : new Heard(exchange.protocol)
  let writer: BodyWriter
  let over = false
  /** The client takes nothing more for now. */
  let blocked = false
  /** The current upstream is piped. */
  let piped = false
  /** The current upstream has broken off, and another one is looked for. */
  let mending = false

  function complete(): void {
    const { flow, relay, trial } = current
    over = true
    flow.settle()
    context.health.succeed(trial, measuredOf(current, relay.usage, context.clock))
    if (relay.answer) keep(relay.answer)
    finish({ status, usage: relay.usage })
    writer.end()
  }

  /** What is known of an answer that has not come to its end. */
  function unfinished(): Pick<Outcome, "usage" | "said"> {
    const { relay, call } = current
    const { usage } = relay
    if (usage && relay.stopped) return { usage }
    const said = call.part ? saidBy(call.part) : tokensOf(heard?.text() ?? 0)
    return { usage, said: said || relay.progress }
  }

  function breakOff(thrown: unknown): GatewayError {
    const error = failureOf(current, thrown, context)
    current.flow.cancel()
    judge(context, current.trial, error)
    return error
  }

  function fail(error: GatewayError): void {
    const { relay } = current
    over = true
    finish({ status, error, ...unfinished() })
    writer.write(
      relay.fail?.(error, exchange.id) ??
        exchange.protocol.ingress.encodeStreamError(error, exchange.id),
    )
    writer.end()
  }

  async function mend(why: unknown): Promise<void> {
    mending = true
    const error = breakOff(why)
    const next = await goOn!.next(current, error)
    mending = false
    if (over) {
      if (!next) return
      leave(next, context)
      next.hold?.settle(next.record.wasted || null)
    } else if (next) {
      current = next
      begin()
    } else fail(error)
  }

  function broken(why: unknown): void {
    if (goOn) void mend(why)
    else fail(breakOff(why))
  }

  function say(bytes: Uint8Array): void {
    heard?.take(bytes)
    if (!writer.write(bytes)) blocked = true
  }

  function judgePhase(): void {
    const { phase, error } = current.relay
    if (phase === "complete") complete()
    else if (error) broken(error)
  }

  function begin(): void {
    const { head } = current
    piped = false
    if (head.length > 0) say(Buffer.concat(head.splice(0)))
    judgePhase()
    if (!blocked) pipe()
  }

  function pipe(): void {
    if (over || mending) return
    piped = true
    current.flow.pipe(sink)
  }

  const sink: ByteSink = {
    data(chunk) {
      const { relay, flow } = current
      const seen = relay.progress
      try {
        const bytes = relay.push(chunk)
        if (bytes) say(bytes)
      } catch (thrown) {
        return sink.fail(thrown)
      }
      if (relay.progress !== seen) flow.progress()
      if (relay.phase !== "content") judgePhase()
      else if (blocked) flow.pause()
    },
    end() {
      try {
        const bytes = current.relay.end()
        if (bytes) say(bytes)
      } catch (thrown) {
        return sink.fail(thrown)
      }
      judgePhase()
    },
    fail(thrown) {
      if (over || mending) return
      if (isGone(thrown)) return cancel()
      if (!goOn) return fail(breakOff(thrown))
      const { relay } = current
      const rest = relay.end()
      if (rest) say(rest)
      // What has said why it ends is whole, and nothing for anybody to go on with.
      if (relay.phase === "complete") complete()
      else void mend(thrown)
    },
  }

  function cancel(): void {
    if (over) return
    over = true
    if (mending) goOn?.cancel()
    else leave(current, context)
    finish({ status: 499, error: clientGone(), ...unfinished() })
  }

  return {
    start(own) {
      writer = own
      if (!over) begin()
    },
    drained() {
      blocked = false
      if (over || mending) return
      if (piped) current.flow.resume()
      else pipe()
    },
    cancel,
  }
}

/** The client has left its answer. */
export function leave(
  { flow, trial, record }: Events | Bytes,
  { clock, health }: GatewayContext,
): void {
  record.outcome = "cancelled"
  record.duration = clock.now() - trial.began
  flow.cancel()
  health.release(trial)
}

/** Why an answer broke off, as its attempt's record has it. */
function failureOf(
  { trial, record }: Committed,
  thrown: unknown,
  { clock }: GatewayContext,
): GatewayError {
  const { channel, began } = trial
  const disposed = dispose(toGatewayError(thrown), channel.deployment.provider, "after")
  const error = explain(disposed, channel)
  record.duration = clock.now() - began
  recordFailure(record, error)
  return error
}

/** A committed answer of plain bytes, such as audio. There is no way to say in it that it broke off. */
export function relayBytes(context: GatewayContext, committed: Bytes, finish: Finish): PushedBody {
  const { flow, trial, status, first } = committed
  let over = false
  let piped = false

  function cancel(): void {
    if (over) return
    over = true
    leave(committed, context)
    finish({ status: 499, error: clientGone() })
  }

  function pipe(writer: BodyWriter): void {
    piped = true
    flow.pipe({
      data(bytes) {
        flow.progress()
        if (!writer.write(bytes)) flow.pause()
      },
      end() {
        over = true
        flow.settle()
        context.health.succeed(trial, measuredOf(committed, undefined, context.clock))
        finish({ status })
        writer.end()
      },
      fail(thrown) {
        if (over) return
        if (isGone(thrown)) return cancel()
        over = true
        const failure = failureOf(committed, thrown, context)
        flow.cancel()
        judge(context, trial, failure)
        finish({ status, error: failure })
        writer.fail(failure)
      },
    })
  }

  let begin: (() => void) | undefined
  return {
    start(writer) {
      if (over) return
      begin = () => pipe(writer)
      if (writer.write(first)) begin()
    },
    drained() {
      if (over) return
      if (piped) flow.resume()
      else begin?.()
    },
    cancel,
  }
}

/** Whoever leaves an answer is heard of twice: by its own end, and by that of the upstream's request. */
function isGone(thrown: unknown): boolean {
  return toGatewayError(thrown).kind === "client-gone"
}
