import type { HeaderView } from "../core/byte-source.ts"
import { type ErrorDetail, type ErrorKind, type ErrorReason, GatewayError } from "../core/error.ts"
import { kindOfStatus } from "./status-kind.ts"

interface Meaning {
  kind: ErrorKind
  reason?: ErrorReason
  /** HTTP status to answer with, where it is not the kind's own. */
  status?: number
}

/** A key that AWS does not take, as against one that may not do this. */
const REJECTED: Meaning = { kind: "upstream-unauthorized" }

/**
 * AWS's errors by their names, without `Exception`.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
 */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  throttling: { kind: "upstream-rate-limited" },
  toomanyrequests: { kind: "upstream-rate-limited" },
  servicequotaexceeded: { kind: "upstream-rate-limited", reason: "billing" },
  validation: { kind: "upstream-rejected", status: 400 },
  accessdenied: { kind: "upstream-unauthorized", reason: "permission", status: 403 },
  resourcenotfound: { kind: "upstream-model-missing" },
  modeltimeout: { kind: "upstream-timeout" },
  modelnotready: { kind: "upstream-error", reason: "overloaded", status: 503 },
  serviceunavailable: { kind: "upstream-error", reason: "overloaded", status: 503 },
  modelerror: { kind: "upstream-error" },
  modelstreamerror: { kind: "upstream-error" },
  internalserver: { kind: "upstream-error" },
  internalfailure: { kind: "upstream-error" },
  conflict: { kind: "upstream-error" },
  unrecognizedclient: REJECTED,
  invalidsignature: REJECTED,
  signaturedoesnotmatch: REJECTED,
  incompletesignature: REJECTED,
  invalidclienttokenid: REJECTED,
  missingauthenticationtoken: REJECTED,
  expiredtoken: REJECTED,
  notauthorized: REJECTED,
}

/**
 * What errors say that are all of one name, most telling first. Gaps have a limit, since a text may be
 * long, and be searched to its end from each word.
 */
const WORDINGS: readonly (readonly [pattern: RegExp, meaning: Meaning])[] = [
  [
    /input is too long|prompt is too long|too many input tokens|too many tokens in the (input|prompt)|input token count|maximum context|context (length|window|limit)|exceeds? the model'?s? (maximum )?(input|context)/i,
    { kind: "upstream-rejected", reason: "context-length", status: 400 },
  ],
  [
    /max_?tokens?.{0,200}(exceeds?|maximum|>)|maximum tokens you requested exceeds/i,
    { kind: "upstream-rejected", reason: "output-limit", status: 400 },
  ],
  [
    /(signature|redacted).{0,200}(thinking|reasoning)|(thinking|reasoning).{0,200}signature/i,
    { kind: "upstream-rejected", reason: "state-rejected", status: 400 },
  ],
  [
    /model identifier is invalid|on-demand throughput|access to the model|end of its life|use case details/i,
    { kind: "upstream-model-missing" },
  ],
  // Tools, pictures, streams of tools, counting: another model may.
  [/(does(n.t| not)|do(n.t| not)) support/i, { kind: "unsupported", status: 400 }],
  [
    /operation not allowed|not authorized/i,
    { kind: "upstream-unauthorized", reason: "permission", status: 403 },
  ],
  [
    /content filter|blocked by .{0,200}polic/i,
    { kind: "upstream-rejected", reason: "content-policy", status: 400 },
  ],
]

/** Names whose messages say more than the name does. */
const WORDED: ReadonlySet<string> = new Set(["validation", "accessdenied", "resourcenotfound"])

/** The short name of an error: `com.amazon.x#ThrottlingException:http://…` is `ThrottlingException`. */
function shortName(name: string): string {
  return name.replace(/^.*#/, "").split(":", 1)[0]!.trim()
}

/**
 * An AWS error by its name, in whatever spelling (`x-amzn-errortype`, `__type`, the name of a stream's
 * exception).
 *
 * @param status HTTP status, or undefined inside a stream
 */
export function awsError(
  name: string,
  message: string,
  status: number | undefined,
  detail: ErrorDetail = {},
): GatewayError {
  const short = shortName(name)
  const key = short.toLowerCase().replace(/exception$/, "")
  const known = MEANINGS[key]
  const text =
    innerMessage(message) || (short ? `The upstream reported ${short}.` : noMessage(status))
  // The status says nothing of a 200, and an error without a name is often a proxy's.
  const worded = known ? WORDED.has(key) : status === undefined || status === 400
  const said = worded ? WORDINGS.find(([pattern]) => pattern.test(text))?.[1] : undefined
  const { kind, reason, status: own } = said ?? known ?? byStatus(status)
  const tokens = reason === "context-length" ? tokensIn(text) : undefined
  return new GatewayError(kind, text, {
    ...detail,
    ...(own !== undefined && { status: own }),
    ...(reason && { reason }),
    ...(tokens && { tokens }),
  })
}

function byStatus(status = 500): Meaning {
  if (status === 401 || status === 403) return REJECTED
  if (status === 408) return { kind: "upstream-timeout" }
  if (status === 424) return { kind: "upstream-error" }
  const kind = kindOfStatus(status)
  return kind === "upstream-rejected" ? { kind, status } : { kind }
}

/** What a model's own error says, inside of what AWS says about it. */
function innerMessage(message: string): string {
  const start = message.indexOf("{")
  if (start < 0) return message
  try {
    const inner = JSON.parse(message.slice(start)) as { message?: unknown; error?: unknown }
    const error = inner.error as { message?: unknown } | undefined
    const found = error?.message ?? inner.message
    return typeof found === "string" && found !== "" ? found : message
  } catch {
    return message
  }
}

function noMessage(status: number | undefined): string {
  return status === undefined
    ? "The upstream reported an error without a message."
    : `The upstream answered ${status}.`
}

/** `210000 tokens > 200000 maximum` */
function tokensIn(message: string): ErrorDetail["tokens"] {
  const match = /\b(\d{1,12}) tokens > (\d{1,12})/.exec(message)
  return match ? { given: Number(match[1]), limit: Number(match[2]) } : undefined
}

/** The name and the message of an error answer. Never throws. */
export function readAwsError(
  headers: HeaderView,
  body: Uint8Array,
): { name: string; message: string } {
  const raw = new TextDecoder().decode(body.subarray(0, 64 * 1024))
  const header = headers.get("x-amzn-errortype") ?? ""
  let value: Record<string, unknown> = {}
  try {
    value = (JSON.parse(raw) ?? {}) as Record<string, unknown>
  } catch {
    const plain = raw
      .replace(/<[^<>]*>/g, " ")
      .replace(/\s+/g, " ")
      .trim()
    return { name: header, message: plain.slice(0, 300) }
  }
  const text = (name: string) => (typeof value[name] === "string" ? value[name] : "")
  return {
    name: header || text("__type") || text("code"),
    message: text("message") || text("Message") || text("errorMessage"),
  }
}
