import type { Clock } from "../../core/clock.ts"
import { GatewayError } from "../../core/error.ts"
import type { HeaderRecord, OutgoingRequest, Send } from "../../core/provider.ts"
import { bytesOf } from "../../transport/byte-sources.ts"
import type { AccessToken } from "./token-cache.ts"

/** What getting tokens needs of the world; tests own all of it. */
export interface CredentialContext {
  send: Send
  clock: Clock
  env: Readonly<Record<string, string | undefined>>
  /** @throws when there is no such file */
  readFile(path: string): Promise<string>
}

/** Milliseconds for one request to a token server. */
const TIME = 10_000

interface TokenCall {
  url: string
  /** Who is asked, for messages. */
  what: string
  /** Sent as a form by POST; without one it is a GET. */
  form?: Readonly<Record<string, string>>
  /** Sent as JSON by POST. */
  json?: unknown
  headers?: HeaderRecord
  proxy?: string | undefined
  /** Milliseconds to reach the server. */
  connectTimeout?: number
}

/**
 * Asks a token server. Only a refusal counts against the key; a server in trouble does not.
 *
 * @throws GatewayError `upstream-unauthorized`, `upstream-unreachable`
 */
export async function askForText(
  context: Pick<CredentialContext, "send">,
  call: TokenCall,
): Promise<string> {
  const { status, text } = await exchange(context.send, call)
  if (status >= 200 && status < 300) return text
  const message = `${call.what} answered ${status}${reasonIn(text)}.`
  if (status >= 500 || status === 429 || status === 408) {
    throw new GatewayError("upstream-unreachable", message, { code: "token_unavailable" })
  }
  throw new GatewayError("upstream-unauthorized", message, { status: 401, code: "token_refused" })
}

/** The JSON object that a token server answers. @throws GatewayError */
export async function askForJson(
  context: Pick<CredentialContext, "send">,
  call: TokenCall,
): Promise<Record<string, unknown>> {
  const value = parse(await askForText(context, call))
  if (value) return value
  throw new GatewayError("upstream-unreachable", `${call.what} answered no JSON object.`, {
    code: "token_unavailable",
  })
}

/** The token in an OAuth answer (RFC 6749 §5.1); times may be strings. @throws GatewayError */
export function tokenIn(
  answer: Record<string, unknown>,
  what: string,
  context: Pick<CredentialContext, "clock">,
): AccessToken {
  const value = answer["access_token"]
  if (typeof value !== "string" || value === "") {
    throw new GatewayError("upstream-unreachable", `${what} answered without a token.`, {
      code: "token_unavailable",
    })
  }
  const seconds = Number(answer["expires_in"])
  const end = Number(answer["expires_on"])
  if (seconds > 0) return { value, expires: context.clock.wall() + seconds * 1000 }
  return { value, expires: end > 0 ? end * 1000 : context.clock.wall() + 60 * 60_000 }
}

async function exchange(send: Send, call: TokenCall): Promise<{ status: number; text: string }> {
  const { form, json, url, proxy, connectTimeout = 3000 } = call
  const type = form ? "application/x-www-form-urlencoded" : "application/json"
  const body = form ? new URLSearchParams(form).toString() : json ? JSON.stringify(json) : undefined
  const request: OutgoingRequest = {
    url,
    method: body ? "POST" : "GET",
    headers: { accept: "application/json", ...(body && { "content-type": type }), ...call.headers },
    ...(body && { body: Buffer.from(body) }),
    signal: AbortSignal.timeout(TIME),
    connectTimeout,
    ...(proxy !== undefined && { proxy }),
  }
  try {
    const response = await send(request)
    return { status: response.status, text: (await bytesOf(response.body)).toString() }
  } catch (cause) {
    const why = cause instanceof GatewayError ? cause.message : "No answer in time."
    throw new GatewayError("upstream-unreachable", `${call.what} cannot be asked. ${why}`, {
      code: "token_unavailable",
      cause,
    })
  }
}

/** What a refusal says, in OAuth's fields or Google's. */
function reasonIn(text: string): string {
  const answer = parse(text)
  const error = answer?.["error"]
  const words = [error, answer?.["error_description"]].filter(
    (word): word is string => typeof word === "string" && word !== "",
  )
  if (typeof error === "object" && error !== null && "message" in error) {
    words.push(String(error.message))
  }
  return words.length > 0 ? `: ${words.join(", ").slice(0, 300).replace(/\.$/, "")}` : ""
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch {}
  return undefined
}
