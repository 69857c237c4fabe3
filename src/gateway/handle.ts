import { clientGone, type ErrorKind, GatewayError, toGatewayError } from "../core/error.ts"
import type { BodyWriter, Exchange, PushedBody, Reply } from "../core/exchange.ts"
import { LARGE_BODY, nextTurn } from "../core/turn.ts"
import { allowGroup } from "../governance/authenticate.ts"
import { resolve } from "../routing/resolve.ts"
import type { Deadline } from "../transport/watchdog.ts"
import type { Committed, Events } from "./attempt.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
import { leave } from "./broken-off.ts"
import { createFinish, type Finish, startProgress } from "./finish.ts"
import { headFacts } from "./head-facts.ts"
import { createHistory } from "./history.ts"
import { keepAnswer } from "./keep.ts"
import { mirror } from "./mirror.ts"
import { recall } from "./recall.ts"
import { relayBytes } from "./relay-bytes.ts"
import { relayEvents } from "./relay.ts"
import { errorReply, replyHeaders, replyStatus } from "./reply.ts"
import { type Asked, run } from "./run.ts"
import { checkRegion, steer } from "./steer.ts"
import { readSteering } from "./steering.ts"
import { keepAliveOf, streamOf } from "./stream-of.ts"

const EVENT_STREAM = "text/event-stream; charset=utf-8"

/** Serves one exchange, from its bytes to its reply. Never throws. */
export async function handle(
  context: GatewayContext,
  snapshot: Snapshot,
  exchange: Exchange,
): Promise<Reply> {
  const progress = startProgress()
  const finish = createFinish(context, exchange, progress)
  const { protocol } = exchange
  try {
    const head = headFacts(exchange, snapshot.authenticator)
    const { caller } = head
    progress.caller = caller.id
    progress.client = head.client
    const steering = readSteering(exchange, head.steering(exchange.headers))
    const opened = protocol.ingress.inspect(exchange, exchange.body)
    if (exchange.body.length >= LARGE_BODY) await nextTurn()
    const { facts } = opened
    progress.requested = facts.model
    progress.stream = facts.stream
    const found = resolve(snapshot.table, facts.model, caller.groups)
    const group = found.group.name
    progress.group = group
    allowGroup(caller, group)
    checkRegion(caller, steering)
    const resolution = steer(found, steering, snapshot.table, caller)
    if (resolution.unknown) {
      context.logger.warn("an unknown model went to the default group", {
        id: exchange.id,
        model: facts.model.slice(0, 200),
        group,
      })
    }
    const envelope = facts.cited ? await recall(context.answers, opened, caller.id) : opened
    const { previous } = facts
    const earlier = previous && (await context.answers.get(previous, caller.id))
    // An id that is somebody else's is nobody's: the upstream must not be asked, who knows no callers.
    const foreign = previous && !earlier && (await context.answers.has(previous))
    const history = createHistory(envelope, earlier || undefined, foreign ? undefined : protocol.id)
    const served: Served = {
      context,
      snapshot,
      exchange,
      envelope,
      history,
      resolution,
      caller,
      steering,
      progress,
      finish,
    }
    const running = run(context, served)
    mirror(context, served, running)
    const { keepAlive } = snapshot.settings.server
    if (facts.stream && keepAlive > 0) {
      const early = await firstOf(context, running, keepAlive)
      if (early === "silence") return earlyReply(served, running)
    }
    if (exchange.operation === "count-tokens") return await countReply(served, running)
    return commitReply(served, await running)
  } catch (thrown) {
    const error = toGatewayError(thrown)
    if (error.kind === "internal") {
      context.logger.error("an exchange failed inside the router", {
        id: exchange.id,
        cause: error.cause instanceof Error ? error.cause.stack : String(error.cause),
      })
    }
    finish({ status: replyStatus(protocol, error), error })
    return errorReply(protocol, error, exchange.id, replyHeaders(snapshot, exchange, progress))
  }
}

/** Whether an attempt has committed (or all have failed) before `ms` of silence. */
function firstOf(
  { clock, watchdog }: GatewayContext,
  running: Promise<unknown>,
  ms: number,
): Promise<"settled" | "silence"> {
  const { promise, resolve } = Promise.withResolvers<"settled" | "silence">()
  const silence: Deadline = { at: clock.now() + ms, expire: () => resolve("silence") }
  const settled = () => {
    watchdog.release(silence)
    resolve("settled")
  }
  watchdog.watch(silence)
  running.then(settled, settled)
  return promise
}

/** The upstream's count, or where none can be had an estimate that says so. */
async function countReply(served: Served, running: Promise<Committed>): Promise<Reply> {
  const { context, snapshot, exchange, history, progress, finish } = served
  const { encodeCount } = exchange.protocol.ingress
  try {
    return commitReply(served, await running)
  } catch (thrown) {
    const error = toGatewayError(thrown)
    if (!encodeCount || FINAL.has(error.kind)) throw error
    if (history.lack) throw history.lack
    const request = history.whole().decode?.()
    if (!request) throw error
    const body = encodeCount(await context.estimateTokens(request))
    if (exchange.signal.aborted) throw clientGone()
    const headers = replyHeaders(snapshot, exchange, progress)
    headers["content-type"] = "application/json"
    headers["x-llmrouter-estimate"] = "true"
    finish({ status: 200 })
    return { status: 200, headers, body }
  }
}

/** Errors of the caller's own making, which no estimate may hide. */
const FINAL: ReadonlySet<ErrorKind> = new Set([
  "invalid-request",
  "client-gone",
  "internal",
  "upstream-rejected",
])

/** One exchange with all that is known of it, and what ends it. */
interface Served extends Asked {
  readonly context: GatewayContext
  readonly finish: Finish
}

function commitReply(served: Served, committed: Committed): Reply {
  const { context, snapshot, exchange, progress, finish } = served
  const { status, contentType, at } = committed
  progress.firstContent = at
  const headers = replyHeaders(snapshot, exchange, progress)
  headers["content-type"] = contentType
  if (committed.kind === "whole") {
    const { usage, body, trial } = committed
    keepAnswer(context, served, body)
    const cost = usage ? trial.channel.deployment.cost(usage) : null
    if (cost !== null && snapshot.settings.server.headers) {
      headers["x-llmrouter-cost"] = (cost / 1e9).toFixed(9)
    }
    // Before it is sent: what a client has its answer of is not lost with the process.
    finish({ status, usage, at })
    return { status, headers, body }
  }
  if (committed.kind === "bytes") {
    const outflow = relayBytes(context, committed, finish)
    return { status, headers, body: streamOf(context, exchange, outflow, 0) }
  }
  eventHeaders(headers, exchange, progress.relayed ? contentType : "")
  const { keepAlive } = snapshot.settings.server
  return {
    status,
    headers,
    body: streamOf(context, exchange, relayServed(served, committed), keepAlive),
  }
}

function relayServed(served: Served, committed: Events): PushedBody {
  const { context, exchange, finish } = served
  return relayEvents(context, exchange, committed, finish, (answer) =>
    keepAnswer(context, served, answer),
  )
}

/**
 * A stream whose upstream is still silent: the client gets its headers and keepalives. Attempts and
 * fallbacks go on behind it, since no content was sent; only the status 200 is decided.
 */
function earlyReply(served: Served, running: Promise<Committed>): Reply {
  const { context, snapshot, exchange, progress, finish } = served
  const headers = replyHeaders(snapshot, exchange, progress)
  eventHeaders(headers, exchange)
  const { ingress } = exchange.protocol
  let outflow: PushedBody | undefined
  let left = false
  const deferred: PushedBody = {
    start(writer) {
      running.then((committed) => begin(writer, committed)).catch((thrown) => fail(writer, thrown))
    },
    drained: () => outflow?.drained(),
    cancel() {
      if (outflow) return outflow.cancel()
      left = true
      // An answer may have begun that nobody has asked for yet; else it is now known what was wasted.
      running.then(drop, () => finish({ status: 499, error: clientGone() }))
    },
  }
  function drop(committed: Committed): void {
    if (committed.kind !== "whole") leave(committed, context)
    finish({ status: 499, error: clientGone(), said: 0 })
  }
  function begin(writer: BodyWriter, committed: Committed): void {
    // Whoever left it ends it.
    if (left) return
    if (committed.kind !== "events") {
      if (committed.kind === "bytes") leave(committed, context)
      throw new GatewayError("upstream-invalid", "The upstream did not stream its answer.")
    }
    progress.firstContent = context.clock.now()
    outflow = relayServed(served, committed)
    outflow.start(writer)
  }
  function fail(writer: BodyWriter, thrown: unknown): void {
    if (left) return
    const error = toGatewayError(thrown)
    finish({ status: error.kind === "client-gone" ? error.status : 200, error })
    writer.write(ingress.encodeStreamError(error, exchange.id, exchange))
    writer.end()
  }
  const { keepAlive } = snapshot.settings.server
  return {
    status: 200,
    headers,
    body: streamOf(context, exchange, deferred, keepAlive, keepAliveOf(exchange)),
  }
}

/** @param own the upstream's content type: kept where it is right, since some have parameters */
function eventHeaders(headers: Record<string, string>, exchange: Exchange, own = ""): void {
  const type = exchange.protocol.ingress.streamType?.(exchange)
  headers["content-type"] = type ?? (own.startsWith("text/event-stream") ? own : EVENT_STREAM)
  headers["cache-control"] = "no-cache"
  // nginx in front of the router would collect the events otherwise.
  headers["x-accel-buffering"] = "no"
}
