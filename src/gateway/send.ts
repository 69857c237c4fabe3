import type { ByteSource } from "../core/byte-source.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Life } from "../core/life.ts"
import type { RequestEnvelope } from "../core/protocol.ts"
import type {
  CallTarget,
  IncomingResponse,
  OutgoingRequest,
  ProviderAccount,
} from "../core/provider.ts"
import type { AttemptRecord } from "../core/route-record.ts"
import type { Hold } from "../core/spending.ts"
import type { Trial } from "../routing/health.ts"
import type { Call } from "./call.ts"
import type { GatewayContext } from "./context.ts"
import type { AttemptLimits } from "./limits.ts"
import { buildRequest } from "./outgoing.ts"

/** One request to one channel. */
export interface AttemptMade {
  readonly exchange: Exchange
  readonly envelope: RequestEnvelope
  readonly call: Call
  readonly trial: Trial
  /** Ends the attempt, also after its answer has begun. */
  readonly life: Life
  readonly limits: AttemptLimits
  readonly record: AttemptRecord
  readonly hold: Hold | undefined
  /** Bytes of an answer that is held in memory. */
  readonly responseLimit: number
  /** What is sent, before it is signed and after. */
  request: OutgoingRequest | undefined
  signed: OutgoingRequest | undefined
  /** The answer's, once it is there. */
  body: ByteSource | null | undefined
}

/** Sends one request to one channel. @throws (or rejects with) GatewayError */
export function send(context: GatewayContext, made: AttemptMade): Promise<IncomingResponse> {
  const { exchange, envelope, call, trial, life } = made
  const { account } = trial.channel.deployment
  const request = buildRequest(exchange, envelope, call, trial.channel, life)
  made.request = request
  const sending = account.sign
    ? sendSigned(context, made, request)
    : sendAsItIs(context, made, request)
  return account.receive ? received(sending, account, request.target) : sending
}

function sendAsItIs(
  context: GatewayContext,
  made: AttemptMade,
  signed: OutgoingRequest,
): Promise<IncomingResponse> {
  const { account } = made.trial.channel.deployment
  made.signed = signed
  return (account.send ?? context.send)(signed)
}

async function sendSigned(
  context: GatewayContext,
  made: AttemptMade,
  request: OutgoingRequest,
): Promise<IncomingResponse> {
  const { deployment, key } = made.trial.channel
  return sendAsItIs(context, made, await deployment.account.sign!(request, key))
}

async function received(
  sending: Promise<IncomingResponse>,
  account: ProviderAccount,
  target: CallTarget,
): Promise<IncomingResponse> {
  return account.receive!(target, await sending)
}
