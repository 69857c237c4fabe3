import { clientGone } from "../core/error.ts"
import type { BodyWriter, PushedBody } from "../core/exchange.ts"
import { type Bytes, failureOf, isGone, leave } from "./broken-off.ts"
import type { GatewayContext } from "./context.ts"
import type { Finish } from "./finish.ts"
import { judge } from "./judge.ts"
import { measuredOf } from "./measure.ts"

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
      data(bytes, start, end) {
        flow.progress()
        if (!writer.write(bytes, start, end)) flow.pause()
      },
      end() {
        over = true
        flow.settle()
        const now = context.clock.now()
        context.health.succeed(trial, measuredOf(committed, undefined, now), now)
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
