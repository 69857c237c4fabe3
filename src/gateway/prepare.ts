import { stripState } from "../canonical/state.ts"
import type { CanonicalRequest, Loss } from "../core/canonical.ts"
import { GatewayError, toGatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { ChatEncoder, Protocol, RequestEnvelope, Target } from "../core/protocol.ts"
import type { Deployment } from "../core/routing.ts"
import type { Call } from "./call.ts"
import type { Part } from "./continuation/part.ts"
import { createRelayCall } from "./relay-call.ts"
import type { StateMemory } from "./state-memory.ts"
import {
  createChatCall,
  createCountCall,
  createEmbeddingsCall,
  type TranslateOptions,
} from "./translate-call.ts"

export interface PrepareOptions {
  exchange: Exchange
  envelope: RequestEnvelope
  deployment: Deployment
  /** Whether a loss is an error. */
  strict: boolean
  /** Sends no opaque state, since the upstream has refused it. */
  withoutState: boolean
  /** Key id of the caller, whose calls are remembered. */
  caller: string | null
  memory: StateMemory
  /** Replaces URLs that the upstream cannot fetch. */
  fetchMedia(request: CanonicalRequest, target: Target): Promise<CanonicalRequest>
  /** Set where another upstream may go on with the answer, which then is translated wherever it can be. */
  part?: Part | undefined
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
 * @throws GatewayError `unsupported`
 */
export function prepare(options: PrepareOptions): Call | Promise<Call> {
  const { exchange, envelope, deployment, strict, withoutState, part } = options
  const protocol = relayed(deployment, exchange)
  if (!protocol || withoutState) return translate(options)
  // Who goes on with an answer has to be told of it, which the caller's own bytes do not.
  if (part && (part.voice || translations(deployment, exchange, envelope).length > 0)) {
    return translate(options)
  }
  if (envelope.relays?.(deployment.capabilities(protocol)) === false) return translate(options)
  const call = createRelayCall(exchange, envelope, protocol, deployment)
  if (strict && call.losses.length > 0) throw refused(call.losses, exchange.protocol.ingress.chat)
  return call
}

function relayed(deployment: Deployment, { protocol, operation }: Exchange): Protocol | undefined {
  return deployment.protocols(operation).find(({ id }) => id === protocol.id)
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

async function translate(options: PrepareOptions): Promise<Call> {
  const { exchange, envelope, deployment, strict } = options
  let best: Call | undefined
  let failure: GatewayError | undefined
  for (const protocol of translations(deployment, exchange, envelope)) {
    try {
      const call = await encode(options, protocol)
      if (!best || call.losses.length < best.losses.length) best = call
      if (best.losses.length === 0) break
    } catch (thrown) {
      failure ??= named(toGatewayError(thrown), exchange.protocol.ingress.chat)
    }
  }
  if (!best) throw failure ?? new GatewayError("unsupported", "No protocol for this deployment.")
  if (strict && best.losses.length > 0) throw refused(best.losses, exchange.protocol.ingress.chat)
  return best
}

async function encode(options: PrepareOptions, protocol: Protocol): Promise<Call> {
  const { exchange, envelope, deployment, withoutState, part } = options
  const target: Target = {
    model: deployment.model,
    stream: envelope.facts.stream,
    family: deployment.family(protocol),
    capabilities: deployment.capabilities(protocol),
  }
  const { caller, memory } = options
  const remember = memory.follow(caller)
  const call: TranslateOptions = { exchange, envelope, protocol, target, remember, part }
  if (exchange.operation === "embeddings") return createEmbeddingsCall(call)
  const decoded = envelope.decode!()
  const restored = withoutState ? stripState(decoded) : memory.restore(decoded, caller)
  const told = part ? part.ask(restored, target) : restored
  const request = await options.fetchMedia(told, target)
  return exchange.operation === "count-tokens"
    ? createCountCall(call, request)
    : createChatCall(call, request)
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
