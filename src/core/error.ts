/** What the attempt loop does after an error of this kind. */
export type NextMove = "fail" | "next-key" | "next-deployment" | "retry"

/** The pause that a channel takes after an error of this kind; lengths come from the config. */
export type CooldownCause = "network" | "rate-limit" | "server" | "auth" | "missing"

/** What follows from an error. */
export interface Disposition {
  next: NextMove
  /** Whether it counts as a failure of the deployment. */
  breaker: boolean
  cooldown: CooldownCause | null
  /** Milliseconds of the pause, where they do not come from its cause. */
  cooldownMs?: number
}

interface KindRule extends Disposition {
  /** HTTP status when no upstream gave one. */
  status: number
}

/** The one place where an error's consequences are decided. */
export const ERROR_KINDS = {
  "invalid-request": { status: 400, next: "fail", breaker: false, cooldown: null },
  unauthorized: { status: 401, next: "fail", breaker: false, cooldown: null },
  forbidden: { status: 403, next: "fail", breaker: false, cooldown: null },
  "not-found": { status: 404, next: "fail", breaker: false, cooldown: null },
  "method-not-allowed": { status: 405, next: "fail", breaker: false, cooldown: null },
  "too-large": { status: 413, next: "fail", breaker: false, cooldown: null },
  "rate-limited": { status: 429, next: "fail", breaker: false, cooldown: null },
  "client-gone": { status: 499, next: "fail", breaker: false, cooldown: null },
  internal: { status: 500, next: "fail", breaker: false, cooldown: null },
  unavailable: { status: 503, next: "fail", breaker: false, cooldown: null },
  /** This upstream cannot do what the request means; another one may. */
  unsupported: { status: 400, next: "next-deployment", breaker: false, cooldown: null },
  "upstream-rejected": { status: 400, next: "fail", breaker: false, cooldown: null },
  "upstream-unauthorized": { status: 401, next: "next-key", breaker: false, cooldown: "auth" },
  "upstream-rate-limited": {
    status: 429,
    next: "next-key",
    breaker: false,
    cooldown: "rate-limit",
  },
  "upstream-model-missing": {
    status: 404,
    next: "next-deployment",
    breaker: false,
    cooldown: "missing",
  },
  "upstream-error": { status: 502, next: "next-deployment", breaker: true, cooldown: "server" },
  "upstream-invalid": { status: 502, next: "next-deployment", breaker: true, cooldown: "server" },
  "upstream-truncated": {
    status: 502,
    next: "next-deployment",
    breaker: true,
    cooldown: "network",
  },
  "upstream-unreachable": {
    status: 502,
    next: "next-deployment",
    breaker: true,
    cooldown: "network",
  },
  "upstream-timeout": { status: 504, next: "next-deployment", breaker: true, cooldown: "network" },
} as const satisfies Record<string, KindRule>

export type ErrorKind = keyof typeof ERROR_KINDS

/** What exactly is the matter, where the protocols have words of their own for it. */
export type ErrorReason =
  /** The conversation is longer than the model's window. */
  | "context-length"
  /** More output was asked for than the model gives. */
  | "output-limit"
  /** No credit, or a spending limit: waiting does not help. */
  | "billing"
  | "permission"
  /** The request was refused for what it says. */
  | "content-policy"
  | "overloaded"
  /** A signature or encrypted reasoning that the upstream does not accept. */
  | "state-rejected"
  | "previous-missing"
  | "thread-unsupported"

/** An upstream's own error answer, kept so that the same protocol can pass it on unchanged. */
export interface UpstreamAnswer {
  protocol: string
  contentType: string
  body: Uint8Array
}

export interface ErrorDetail {
  /** HTTP status to answer with, where it differs from the kind's own. */
  status?: number
  reason?: ErrorReason
  /** A short machine-readable word, such as `model_not_found`. */
  code?: string
  /** The request parameter that is wrong. */
  param?: string
  /** Tokens that the request has and that the model takes, where a `context-length` error says. */
  tokens?: { given?: number; limit?: number }
  /** Milliseconds after which trying again makes sense. */
  retryAfterMs?: number
  upstream?: UpstreamAnswer
  /** Where it has other consequences than its kind: see `ErrorRule`. */
  rule?: Partial<Disposition>
  cause?: unknown
}

/** The one error of the request path. Thrown where the fact is known, caught by the attempt loop and the handler. */
export class GatewayError extends Error {
  override readonly name = "GatewayError"
  readonly kind: ErrorKind
  readonly detail: ErrorDetail

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.kind = kind
    this.detail = detail
  }

  get status(): number {
    return this.detail.status ?? ERROR_KINDS[this.kind].status
  }

  get rule(): Disposition {
    const { rule } = this.detail
    return rule ? { ...ERROR_KINDS[this.kind], ...rule } : ERROR_KINDS[this.kind]
  }
}

/** Anything thrown, as the error the client gets. Unknown errors do not leak their text. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError("internal", "The router failed to handle this request.", {
    cause: thrown,
  })
}

/** The end of an exchange whose client has left. */
export function clientGone(): GatewayError {
  return new GatewayError("client-gone", "The client closed the connection.")
}
