import type { GatewayError } from "../core/error.ts"
import type { Step, Walk } from "./walk.ts"

/** What the attempts of one request need of whoever makes them: the gateway, or the simulator. */
export interface Pursuit<Answer> {
  walk: Walk
  /**
   * Makes one attempt. Resolves when its answer has begun; from then on there is no other.
   *
   * @throws GatewayError that says what is next; the channel was judged by it already
   */
  attempt(step: Step): Promise<Answer>
  /** @throws GatewayError when the client leaves meanwhile */
  pause(ms: number): Promise<void>
  /** Why no attempt could be made at all. */
  exhausted(): GatewayError
  /** Told of every failed attempt. */
  failed?(step: Step, error: GatewayError): void
}

/**
 * Takes attempt after attempt until one answers.
 *
 * @throws GatewayError of the last attempt, or why none could be made
 */
export async function pursue<Answer>(pursuit: Pursuit<Answer>): Promise<Answer> {
  const { walk } = pursuit
  let last: GatewayError | undefined
  for (;;) {
    const step = walk.next()
    if (!step) throw last ?? pursuit.exhausted()
    if (step.wait > 0) await pursuit.pause(step.wait)
    try {
      const answer = await pursuit.attempt(step)
      walk.answered(step.channel)
      return answer
    } catch (thrown) {
      const error = thrown as GatewayError
      // That this upstream cannot do it says less than what another one said.
      last = error.kind === "unsupported" ? (last ?? error) : error
      if (error.rule.next === "fail") throw error
      pursuit.failed?.(step, error)
      walk.failed(step.channel, error)
    }
  }
}
