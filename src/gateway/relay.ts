import { clientGone, type GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
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

/** One answer as it flows to the client: read by the server's stream, one block at a time. */
export interface Outflow {
  /** The next bytes; undefined when the answer has ended. Never throws. */
  next(): Promise<Uint8Array | undefined>
  /** The client has left. */
  cancel(): void
  /** Why the answer broke off, where it could not be said in the answer itself. */
  readonly failure?: GatewayError | undefined
}

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
): Outflow {
  const { goOn, status } = committed
  let current = committed
  // Whoever may be gone on with has every word counted.
  const heard = committed.call.part ? undefined : new Heard(exchange.protocol)
  let over = false
  /** Why the current upstream has broken off, while another one is looked for. */
  let broken: { why: unknown } | undefined

  function complete(): void {
    const { flow, relay, trial } = current
    over = true
    flow.settle()
    context.health.succeed(trial, measuredOf(current, relay.usage, context.clock))
    if (relay.answer) keep(relay.answer)
    finish({ status, usage: relay.usage })
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

  function fail(error: GatewayError): Uint8Array {
    const { relay } = current
    over = true
    finish({ status, error, ...unfinished() })
    return (
      relay.fail?.(error, exchange.id) ??
      exchange.protocol.ingress.encodeStreamError(error, exchange.id)
    )
  }

  async function mend(why: unknown): Promise<Uint8Array | undefined> {
    const error = breakOff(why)
    const next = await goOn!.next(current, error)
    broken = undefined
    if (over) {
      if (next) {
        leave(next, context)
        next.hold?.settle(next.record.wasted || null)
      }
      return undefined
    }
    if (!next) return fail(error)
    current = next
    return undefined
  }

  async function read(): Promise<Uint8Array | undefined> {
    const { head, relay, flow } = current
    if (head.length > 0) {
      const bytes = Buffer.concat(head.splice(0))
      heard?.take(bytes)
      if (relay.phase === "complete") complete()
      return bytes
    }
    const seen = relay.progress
    const chunk = await flow.read()
    if (over) return undefined
    const bytes = chunk ? relay.push(chunk) : relay.end()
    if (bytes) heard?.take(bytes)
    if (relay.progress !== seen) flow.progress()
    if (relay.phase === "complete") complete()
    if (!relay.error) return bytes
    if (goOn) {
      broken = { why: relay.error }
      return bytes
    }
    const ending = fail(breakOff(relay.error))
    return bytes ? Buffer.concat([bytes, ending]) : ending
  }

  async function take(): Promise<Uint8Array | undefined> {
    try {
      return await read()
    } catch (thrown) {
      if (over) return undefined
      if (!goOn) return fail(breakOff(thrown))
      const { relay } = current
      const rest = relay.end()
      // What has said why it ends is whole, and nothing for anybody to go on with.
      if (relay.phase === "complete") complete()
      else broken = { why: thrown }
      return rest
    }
  }

  return {
    async next() {
      while (!over) {
        const bytes = broken ? await mend(broken.why) : await take()
        if (bytes) return bytes
      }
      return undefined
    },
    cancel() {
      if (over) return
      over = true
      if (broken) goOn?.cancel()
      else leave(current, context)
      finish({ status: 499, error: clientGone(), ...unfinished() })
    },
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
export function relayBytes(context: GatewayContext, committed: Bytes, finish: Finish): Outflow {
  const { flow, trial, status } = committed
  let first: Uint8Array | undefined = committed.first
  let over = false
  let failure: GatewayError | undefined
  return {
    async next() {
      if (over) return undefined
      try {
        const chunk = first ?? (await flow.read())
        first = undefined
        if (chunk) {
          flow.progress()
          return chunk
        }
        over = true
        flow.settle()
        context.health.succeed(trial, measuredOf(committed, undefined, context.clock))
        finish({ status })
      } catch (thrown) {
        failure = failureOf(committed, thrown, context)
        over = true
        flow.cancel()
        judge(context, trial, failure)
        finish({ status, error: failure })
      }
      return undefined
    },
    cancel() {
      if (over) return
      over = true
      leave(committed, context)
      finish({ status: 499, error: clientGone() })
    },
    get failure() {
      return failure
    },
  }
}
