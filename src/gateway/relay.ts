import { clientGone, type GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Committed } from "./attempt.ts"
import { recordFailure } from "./attempt-record.ts"
import type { GatewayContext } from "./context.ts"
import { dispose } from "./disposition.ts"
import { explain } from "./explain.ts"
import type { Finish } from "./finish.ts"
import { judge } from "./judge.ts"
import { measuredOf } from "./measure.ts"

type Events = Extract<Committed, { kind: "events" }>
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
 * A committed stream of events, with an error event where it fails.
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
  const { flow, relay, head, trial, status } = committed
  let over = false

  function complete(): void {
    over = true
    flow.settle()
    context.health.succeed(trial, measuredOf(committed, relay.usage, context.clock))
    if (relay.answer) keep(relay.answer)
    finish({ status, usage: relay.usage })
  }

  function fail(thrown: unknown): Uint8Array {
    const error = failureOf(committed, thrown, context)
    over = true
    flow.cancel()
    judge(context, trial, error)
    finish({ status, error, usage: relay.usage })
    return (
      relay.fail?.(error, exchange.id) ??
      exchange.protocol.ingress.encodeStreamError(error, exchange.id)
    )
  }

  return {
    async next() {
      if (head.length > 0) {
        const bytes = Buffer.concat(head.splice(0))
        if (relay.phase === "complete") complete()
        return bytes
      }
      while (!over) {
        try {
          const seen = relay.progress
          const chunk = await flow.read()
          if (over) return undefined
          const bytes = chunk ? relay.push(chunk) : relay.end()
          if (relay.progress !== seen) flow.progress()
          if (relay.phase === "complete") complete()
          if (relay.error) {
            const ending = fail(relay.error)
            return bytes ? Buffer.concat([bytes, ending]) : ending
          }
          if (bytes) return bytes
        } catch (thrown) {
          return over ? undefined : fail(thrown)
        }
      }
      return undefined
    },
    cancel() {
      if (over) return
      over = true
      leave(committed, context)
      finish({ status: 499, error: clientGone(), usage: relay.usage })
    },
  }
}

/** The client has left its answer. */
function leave({ flow, trial, record }: Events | Bytes, { clock, health }: GatewayContext): void {
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
