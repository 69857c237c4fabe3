import { stripState } from "../canonical/state.ts"
import type { Loss } from "../core/canonical.ts"
import { GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { ChatEncoder, Protocol, RequestEnvelope, Target } from "../core/protocol.ts"
import type { Deployment } from "../core/routing.ts"
import type { Call } from "./call.ts"
import type { Resolution } from "../routing/resolve.ts"
import type { Part } from "./continuation/part.ts"
import type { Snapshot } from "./context.ts"
import type { Progress } from "./finish.ts"
import { createMediaFetcher, type FetchNeeded } from "./media.ts"
import { createRelayCall } from "./relay-call.ts"
import type { StateMemory } from "./state-memory.ts"
import {
  createChatCall,
  createCountCall,
  createEmbeddingsCall,
  type TranslateOptions,
} from "./translate-call.ts"

/** What all attempts of one exchange are prepared with. */
export interface PrepareOptions {
  readonly snapshot: Snapshot
  readonly exchange: Exchange
  readonly resolution: Resolution
  readonly progress: Pick<Progress, "caller">
  /** Replaces URLs that the upstream cannot fetch, each of them fetched once. Made when it is needed. */
  fetchMedia?: FetchNeeded | undefined
}

/** Whether a deployment can take this exchange at all. */
export function canTake(
  deployment: Deployment,
  exchange: Exchange,
  envelope: RequestEnvelope,
): boolean {
  return (
    relayed(deployment, exchange) !== undefined ||
    translations(deployment, exchange, envelope).length > 0
  )
}

/**
 * Decides how a deployment is spoken to: in the caller's own protocol if it can be, else in the one
 * that loses least.
 *
 * @param memory of the state that callers' calls have
 * @param withoutState sends no opaque state, since the upstream has refused it
 * @param part set where another upstream may go on with the answer, which then is translated wherever it can be
 * @throws GatewayError `unsupported`
 */
export function prepare(
  memory: StateMemory,
  options: PrepareOptions,
  envelope: RequestEnvelope,
  deployment: Deployment,
  withoutState: boolean,
  part: Part | undefined,
): Call | Promise<Call> {
  const { exchange } = options
  const protocol = relayed(deployment, exchange)
  if (
    !protocol ||
    withoutState ||
    // Who goes on with an answer has to be told of it, which the caller's own bytes do not.
    (part && (part.voice || translations(deployment, exchange, envelope).length > 0)) ||
    envelope.relays?.(deployment.capabilities(protocol)) === false
  ) {
    return translate(options, { memory, envelope, deployment, withoutState, part })
  }
  const call = createRelayCall(exchange, envelope, protocol, deployment)
  if (call.losses.length > 0 && options.resolution.group.strict) {
    throw refused(call.losses, exchange.protocol.ingress.chat)
  }
  return call
}

function relayed(deployment: Deployment, { protocol, operation }: Exchange): Protocol | undefined {
  for (const spoken of deployment.protocols(operation)) if (spoken.id === protocol.id) return spoken
  return undefined
}

/** The protocols that it can be spoken to in, the caller's own first. */
function translations(
  deployment: Deployment,
  { protocol, operation }: Exchange,
  envelope: RequestEnvelope,
): Protocol[] {
  const { ingress } = protocol
  const spoken = deployment.protocols(operation)
  switch (operation) {
    case "chat":
      if (!ingress.chat || !envelope.decode) return []
      return spoken
        .filter(({ upstream }) => upstream.chat)
        .toSorted((a, b) => Number(b.id === protocol.id) - Number(a.id === protocol.id))
    case "embeddings":
      if (!ingress.encodeEmbeddings || !envelope.decodeEmbeddings) return []
      return spoken.filter(({ upstream }) => upstream.embeddings)
    case "count-tokens":
      if (!ingress.encodeCount || !envelope.decode) return []
      return spoken.filter(({ upstream }) => upstream.chat?.encodeCount)
    default:
      return []
  }
}

interface Translated {
  memory: StateMemory
  envelope: RequestEnvelope
  deployment: Deployment
  withoutState: boolean
  part: Part | undefined
}

async function translate(options: PrepareOptions, how: Translated): Promise<Call> {
  const { exchange } = options
  const { envelope, deployment } = how
  let best: Call | undefined
  let failure: GatewayError | undefined
  for (const protocol of translations(deployment, exchange, envelope)) {
    try {
      const call = await encode(options, how, protocol)
      if (!best || call.losses.length < best.losses.length) best = call
      if (best.losses.length === 0) break
    } catch (thrown) {
      failure ??= named(toGatewayError(thrown), exchange.protocol.ingress.chat)
    }
  }
  if (!best) throw failure ?? new GatewayError("unsupported", "No protocol for this deployment.")
  if (best.losses.length > 0 && options.resolution.group.strict)
    throw refused(best.losses, exchange.protocol.ingress.chat)
  return best
}

async function encode(
  options: PrepareOptions,
  { memory, envelope, deployment, withoutState, part }: Translated,
  protocol: Protocol,
): Promise<Call> {
  const { exchange } = options
  const target: Target = {
    model: deployment.model,
    stream: envelope.facts.stream,
    family: deployment.family(protocol),
    capabilities: deployment.capabilities(protocol),
  }
  const { caller } = options.progress
  const remember = memory.follow(caller)
  const limit = options.snapshot.settings.limits.response
  const call: TranslateOptions = { exchange, envelope, protocol, target, remember, limit, part }
  if (exchange.operation === "embeddings") return createEmbeddingsCall(call)
  const decoded = envelope.decode!()
  const restored = withoutState ? stripState(decoded) : memory.restore(decoded, caller)
  const told = part ? part.ask(restored, target) : restored
  options.fetchMedia ??= mediaFetcher(options.snapshot, exchange)
  const request = await options.fetchMedia(told, target)
  return exchange.operation === "count-tokens"
    ? createCountCall(call, request)
    : createChatCall(call, request)
}

/** Fetches files for one exchange; where the config forbids it, encoders say what they miss. */
function mediaFetcher({ settings, fetchMedia }: Snapshot, exchange: Exchange): FetchNeeded {
  if (!fetchMedia) return async (request) => request
  return createMediaFetcher(fetchMedia, settings.limits.body, exchange)
}

/** An encoder's error with the parameter as the caller spells it. */
function named(error: GatewayError, encoder: ChatEncoder | undefined): GatewayError {
  const { param } = error.detail
  if (param === undefined || !encoder) return error
  return new GatewayError(error.kind, error.message, {
    ...error.detail,
    param: encoder.paramName(param),
  })
}

function refused(losses: readonly Loss[], encoder: ChatEncoder | undefined): GatewayError {
  return new GatewayError(
    "unsupported",
    `The upstream cannot do all that this request asks for, and the group is strict: ${warningsOf(losses, encoder)}.`,
    {
      code: "unsupported_parameter",
      param: encoder?.paramName(losses[0]!.param) ?? losses[0]!.param,
    },
  )
}

/** Losses as the header lists them: `temperature;clamped=1, seed;dropped`. */
export function warningsOf(losses: readonly Loss[], encoder: ChatEncoder | undefined): string {
  return losses
    .map(({ param, effect }) => `${encoder?.paramName(param) ?? param};${effect}`)
    .join(", ")
}
