import { type EndSignal, Life } from "../core/life.ts"
import { clientGone, GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Group } from "../core/routing.ts"
import { prepareOrder } from "../routing/prepare-order.ts"
import { attemptOn } from "./attempt-on.ts"
import { recordRest } from "./attempt-record.ts"
import type { Committed } from "./attempt.ts"
import type { GatewayContext } from "./context.ts"
import { createFinish, type Finish, type Progress, startProgress } from "./finish.ts"
import { relayBytes } from "./relay-bytes.ts"
import { relayEvents } from "./relay.ts"
import { type Asked, Attempting } from "./run.ts"

/**
 * Sends a copy of a request to the group that mirrors its own, where there is one and chance says so.
 * Nothing of that reaches the caller: it begins when the caller's answer has, or has failed.
 *
 * @param running the caller's own attempts
 */
export function mirror(context: GatewayContext, asked: Asked, running: Promise<unknown>): void {
  const { resolution, snapshot, exchange, history } = asked
  const { mirror: wanted } = resolution.group
  if (!wanted || resolution.pinned || exchange.operation === "count-tokens") return
  // Only one upstream knows how this conversation began, and it is another one.
  if (history.lack || context.random() * 100 >= wanted.percent) return
  const group = snapshot.table.groups.get(wanted.group)
  if (!group) return
  beginAfter(context, asked, group, running)
}

function beginAfter(
  context: GatewayContext,
  asked: Asked,
  group: Group,
  running: Promise<unknown>,
): void {
  const begin = () => {
    if (asked.progress.attempts === 0) return
    context.mirrors.begin(asked.exchange.body.length, (signal) =>
      copy(context, asked, group, signal),
    )
  }
  running.then(begin, begin)
}

/** One attempt in an exchange of its own, whose answer is read and thrown away. Never rejects. */
async function copy(
  context: GatewayContext,
  asked: Asked,
  group: Group,
  signal: EndSignal,
): Promise<void> {
  const { clock, logger } = context
  const original = asked.exchange
  const exchange: Exchange = {
    ...headOf(original),
    id: `${original.id}_mirror`,
    signal,
    arrived: clock.now(),
    time: clock.wall(),
    ended() {},
  }
  const progress = progressOf(asked, group)
  const finish = createFinish(context, exchange, progress)
  try {
    const { snapshot, envelope, history, caller, steering } = asked
    const committed = await attempt(forgetful(context, caller.id), {
      snapshot,
      exchange,
      envelope,
      history: {
        lack: history.lack,
        whole: () => history.whole(),
        seenBy: () => history.whole(),
      },
      resolution: { group },
      caller,
      steering,
      progress,
      // Files are fetched for callers only; without them the upstream is told what it can be told.
      fetchMedia: async (request) => request,
    })
    progress.firstContent = clock.now()
    await readOut(context, exchange, committed, finish)
  } catch (thrown) {
    const error = toGatewayError(thrown)
    logger.debug("a mirrored request failed", {
      id: exchange.id,
      error: error.kind,
      message: error.message,
    })
    finish({ status: error.status, error })
  }
}

function headOf(
  exchange: Exchange,
): Pick<Exchange, "protocol" | "operation" | "headers" | "path" | "query" | "body"> {
  const { protocol, operation, headers, path, query, body } = exchange
  return { protocol, operation, headers, path, query, body }
}

function progressOf({ exchange, progress }: Asked, group: Group): Progress {
  const { requested, stream } = progress
  return {
    ...startProgress(),
    requested,
    stream,
    group: group.name,
    mirrorOf: exchange.id,
  }
}

/** The same context, in which the caller's state is known and nothing is remembered for it. */
function forgetful(context: GatewayContext, caller: string | null): GatewayContext {
  const { memory } = context
  return {
    ...context,
    memory: { follow: () => () => {}, restore: (request) => memory.restore(request, caller) },
  }
}

/** The group's best channel, if it is healthy, and no other. @throws GatewayError */
async function attempt(context: GatewayContext, asked: Asked): Promise<Committed> {
  const { exchange, progress } = asked
  const attempting = new Attempting(context, asked)
  await prepareOrder(attempting)
  const walk = attempting.walk()
  const step = walk.next()
  if (step?.why !== "first") {
    if (step) walk.abandoned(step)
    throw new GatewayError("unavailable", "No channel of the mirror is ready.")
  }
  const life = new Life()
  exchange.signal.addEventListener("abort", () => life.abort(clientGone()), { once: true })
  try {
    // None that may be gone on with.
    const { request, underWay } = attempting
    const made = { asked, request, underWay }
    const committed = await attemptOn(context, made, step, walk.begin(step), life)
    underWay.delete(committed.record)
    walk.answered(step)
    progress.relayed = committed.call.relayed
    if (committed.hold) progress.hold = committed.hold
    return committed
  } catch (thrown) {
    const error = toGatewayError(thrown)
    walk.failed(step, error)
    recordRest(attempting.underWay, attempting.request, context.clock, error)
    throw error
  }
}

/** Reads an answer to its end, as fast as it comes. */
async function readOut(
  context: GatewayContext,
  exchange: Exchange,
  committed: Committed,
  finish: Finish,
): Promise<void> {
  if (committed.kind === "whole")
    return finish({ status: committed.status, usage: committed.usage })
  const outflow =
    committed.kind === "bytes"
      ? relayBytes(context, committed, finish)
      : relayEvents(context, exchange, committed, finish, () => {})
  const { promise, resolve } = Promise.withResolvers<void>()
  const leave = () => {
    outflow.cancel()
    resolve()
  }
  exchange.signal.addEventListener("abort", leave, { once: true })
  if (exchange.signal.aborted) leave()
  // Nobody listens.
  outflow.start({ write: () => true, end: resolve, fail: resolve })
  await promise
  exchange.signal.removeEventListener("abort", leave)
}
