import { type ErrorKind, GatewayError } from "../core/error.ts"
import type { OutgoingRequest } from "../core/provider.ts"
import type { Channel } from "../core/routing.ts"
import { Secret } from "../core/secret.ts"

/** What ends an attempt without its upstream's doing. */
export const OURS: ReadonlySet<ErrorKind> = new Set([
  "client-gone",
  "internal",
  "unavailable",
  "invalid-request",
])

/** Names the deployment in an upstream's error, and takes the provider's secrets out of what it said. */
export function explain(error: GatewayError, channel: Channel): GatewayError {
  if (OURS.has(error.kind)) return error
  const { message, kind, detail } = withoutSecrets(error, secretsOfChannel(channel))
  return new GatewayError(kind, `${channel.deployment.id}: ${message}`, detail)
}

/** What every request of a channel carries: its key, and the config's headers but those that are known to be public. */
export function secretsOfChannel({ deployment, key }: Channel): string[] {
  const headers = Object.entries(deployment.provider.headers)
    .filter(([name, value]) => isFromElsewhere(value) || !PUBLIC_NAMES.test(name.toLowerCase()))
    .flatMap(([, value]) => (value instanceof Secret ? value.reveal() : value).split(SEPARATORS))
    .filter((text) => text.length >= SHORTEST_SECRET)
  return key ? [key.reveal(), ...headers] : headers
}

/** Headers that say nothing of who calls: what an upstream says of them is worth reading. */
const PUBLIC_NAMES =
  /^(accept(-.*)?|content-(type|language)|user-agent|referer|http-referer|origin|x-title|(.*-)?(version|beta))$/

/** Whether it is not written in the config itself, such as `env("TENANT_TOKEN")`. */
function isFromElsewhere(value: string | Secret): boolean {
  return value instanceof Secret && value.origin !== "config"
}

/** Between the words of a header. */
const SEPARATORS = /[ ,]+/
/** Shorter words of a header, such as `Bearer` or a version, are no secret. */
const SHORTEST_SECRET = 8

/** The same error without these texts in what the upstream said. */
export function withoutSecrets(error: GatewayError, secrets: readonly string[]): GatewayError {
  const { upstream, ...rest } = error.detail
  const body = upstream && Buffer.from(upstream.body)
  const told = secrets.filter((secret) => error.message.includes(secret) || body?.includes(secret))
  if (told.length === 0) return error
  const message = told.reduce((text, secret) => text.replaceAll(secret, "[secret]"), error.message)
  return new GatewayError(error.kind, message, rest)
}

/** Headers that say who calls. */
const SECRET_NAMES = /authorization|token|key/

/** What signing has put into a request, and an upstream may repeat: tokens, as they are or behind a word. */
export function secretsOf(request: OutgoingRequest, signed: OutgoingRequest): string[] {
  if (signed === request) return []
  return Object.entries(signed.headers)
    .filter(([name, value]) => SECRET_NAMES.test(name) && request.headers[name] !== value)
    .flatMap(([, value]) => value.split(SEPARATORS))
    .filter((text) => text.length >= SHORTEST_TOKEN)
}

/** Shorter words, such as `Bearer`, mean nothing. */
const SHORTEST_TOKEN = 16
