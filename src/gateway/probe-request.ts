import type { CanonicalRequest } from "../core/canonical.ts"
import { GatewayError } from "../core/error.ts"
import type { Protocol } from "../core/protocol.ts"
import type { CallTarget, IncomingResponse, OutgoingRequest, Send } from "../core/provider.ts"
import type { Channel } from "../core/routing.ts"
import { buildRequest, channelHeaders } from "./outgoing.ts"
import { readAll } from "./read-all.ts"
import { encodedCall } from "./translate-call.ts"

/** Milliseconds for one probe, and bytes of an error that are read. */
const PROBE_TIME = 10_000
const ERROR_BODY = 64 * 1024

/** The smallest chat there is. */
const QUESTION: CanonicalRequest = {
  model: "",
  stream: false,
  system: [],
  turns: [{ role: "user", blocks: [{ type: "text", text: "hi" }] }],
  tools: [],
  maxTokens: 1,
  protocol: "",
  extra: new Map(),
}

interface Probe {
  request: OutgoingRequest
  protocol: Protocol | undefined
  target?: CallTarget
}

/** A GET that costs nothing; undefined where there is nothing to ask for. */
export function freeProbe(channel: Channel): Probe | undefined {
  const { account, provider, timeouts } = channel.deployment
  if (account.probeUrl === undefined) return undefined
  const protocol = channel.deployment.protocols("chat")[0]
  return {
    protocol,
    request: {
      url: account.probeUrl,
      method: "GET",
      // Some APIs answer nothing without their version.
      headers: { ...protocol?.upstream.headers, ...channelHeaders(channel) },
      signal: AbortSignal.timeout(PROBE_TIME),
      connectTimeout: timeouts.connect,
      ...(provider.proxy !== undefined && { proxy: provider.proxy }),
    },
  }
}

/** A chat of a word that is answered with one token; undefined where the deployment does not chat. */
export function paidProbe(channel: Channel): Probe | undefined {
  const { deployment } = channel
  const { model } = deployment
  const protocol = deployment.protocols("chat").find(({ upstream }) => upstream.chat)
  if (!protocol) return undefined
  const encoded = protocol.upstream.chat!.encodeRequest(QUESTION, {
    model,
    stream: false,
    family: deployment.family(protocol),
    capabilities: deployment.capabilities(protocol),
  })
  const head = { operation: "chat", headers: new Headers(), path: "", query: "" } as const
  const facts = { model, stream: false }
  const signal = AbortSignal.timeout(PROBE_TIME)
  const call = encodedCall(protocol, encoded)
  const request = buildRequest(head, { facts }, call, channel, signal)
  return { protocol, request, target: request.target }
}

/** @returns how the upstream refused the probe; undefined where it was answered */
export async function refusalOf(
  send: Send,
  { deployment: { account }, key }: Channel,
  { request, protocol, target }: Probe,
): Promise<GatewayError | undefined> {
  try {
    const signed = (await account.sign?.(request, key)) ?? request
    const answered = await (account.send ?? send)(signed)
    const response: IncomingResponse = (target && account.receive?.(target, answered)) ?? answered
    const { status, headers } = response
    if (status >= 200 && status < 300) {
      response.body?.cancel()
      return undefined
    }
    const body = await readAll(response.body, ERROR_BODY)
    return protocol
      ? protocol.upstream.decodeError(status, headers, body)
      : new GatewayError(status === 401 ? "upstream-unauthorized" : "upstream-error", "", {
          status,
        })
  } catch (thrown) {
    // Also those refuse who give out the token that a key stands for.
    return thrown instanceof GatewayError
      ? thrown
      : new GatewayError("upstream-unreachable", "The probe failed.", { cause: thrown })
  }
}
