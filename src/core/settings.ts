import type { StrategyFunction } from "./strategy-function.ts"
import type { Secret } from "./secret.ts"

/** Limits of one attempt, in milliseconds; 0 is no limit. */
export interface Timeouts {
  /** Reaching the host. */
  connect: number
  /** From the request to the first byte of a streamed answer. */
  firstByte: number
  /** From the request to the first event of a streamed answer that carries content. */
  firstContent: number
  /** Between two events that carry content; keepalives do not count. */
  stall: number
  /** From the request to the headers of an answer that does not stream. */
  response: number
  /** From a request's arrival until its answer has begun, over all attempts. */
  total: number
}

export interface Retries {
  /** Attempts beyond the first. Channels that look healthy and were not tried yet are tried all the same. */
  attempts: number
  /** First pause before the same deployment is tried again, in milliseconds; doubles, with full jitter. */
  backoff: number
  maxBackoff: number
}

/** Pauses of a channel in milliseconds, by cause. */
export interface Cooldown {
  network: number
  rateLimit: number
  server: number
  /** First pause after a rejected key; doubles up to `authMax` until a probe succeeds. */
  auth: number
  authMax: number
  missing: number
}

export interface BreakerSettings {
  /** Consecutive failures that open it; 0 does not count them. */
  failures: number
  /** Share of failures among the attempts of `window` that opens it, from 0 to 1; 0 does not count it. */
  rate: number
  /** Milliseconds that `rate` looks back. */
  window: number
  /** Attempts that the window must have before `rate` counts. */
  minimum: number
  /** Milliseconds in which a recovered deployment's share of the traffic grows back to all of it. */
  recovery: number
  /** Milliseconds that it stays open before a probe; about doubles, up to `maxOpen`. */
  open: number
  maxOpen: number
}

/** Money in a window of the calendar (UTC). */
export interface Budget {
  /** Nano-USD. */
  amount: number
  /** Undefined: since the router's ledger began. */
  window: "hour" | "day" | "week" | "month" | undefined
}

/** What an upstream's error leads to, where a provider's errors mean something of their own. Every condition must hold. */
export interface ErrorRule {
  /** HTTP statuses. */
  status: readonly number[]
  /** Found in the error's body or message. */
  body: RegExp | undefined
  /** Before anything reached the caller, or after. */
  phase: "before" | "after" | undefined
  then: "fail" | "next-key" | "next-deployment" | "retry" | undefined
  breaker: boolean | undefined
  /** Milliseconds that the channel rests; 0 is not at all. */
  cooldown: number | undefined
}

/** Finds errors inside an answer with status 200: in its first kilobytes. */
export type ErrorMatcher = RegExp | ((text: string) => boolean)

export interface ProviderSettings {
  name: string
  type: string
  /** Without a trailing slash. */
  baseUrl: string | undefined
  keys: readonly Secret[]
  /** Why a provider that needs keys has none: the origins that were looked up. */
  missingKeys: readonly string[]
  /** Models that this provider serves; empty when it was not said. */
  models: readonly string[]
  headers: Readonly<Record<string, string | Secret>>
  /** Raw JSON text by field name. */
  extraBody: Readonly<Record<string, string>>
  /** Names of client headers that are sent on, lower case. */
  passHeaders: readonly string[]
  /** Ids of the protocols to speak, preferred first; empty is what the type speaks. */
  protocols: readonly string[]
  proxy: string | undefined
  timeouts: Partial<Timeouts>
  /** Where its models run, such as `eu` or `us-east-1`. */
  region: string | undefined
  budget: Budget | undefined
  /** The first that fits decides. */
  errors: readonly ErrorRule[]
  errorMatchers: readonly ErrorMatcher[]
  /** How a rejected key is tried again: by a free request, by a small paid one, or only by real ones. */
  probe: "free" | "paid" | "none"
  /** The type's own options. */
  options: Readonly<Record<string, string>>
}

/** What a deployment takes in a minute, and at once; undefined is no limit. Over all of its keys. */
export interface DeploymentLimits {
  /** Requests a minute. */
  rpm: number | undefined
  /** Tokens a minute. */
  tpm: number | undefined
  /** Requests at the same time. */
  parallel: number | undefined
}

/** What a model can and cannot do, as far as the config says it. */
export interface DeclaredCapabilities {
  /** By need: true has it, false lacks it; absent is what is known of the model. */
  needs: Readonly<Record<string, boolean>>
  /** Tokens of input and output together. */
  window: number | undefined
}

/** Nano-USD a token. */
export interface DeclaredPrice {
  input: number
  output: number
  cacheRead: number | undefined
  cacheWrite: number | undefined
}

export interface DeploymentSettings {
  provider: string
  model: string
  weight: number
  tags: readonly string[]
  timeouts: Partial<Timeouts>
  /** Where it runs, where that differs from its provider's. */
  region: string | undefined
  limits: DeploymentLimits
  /** Share of the group's traffic that it gets for a trial, from 0 to 100; undefined: it takes part like any other. */
  percent: number | undefined
  capabilities: DeclaredCapabilities
  price: DeclaredPrice | undefined
}

/** Waiting for capacity instead of 429. */
export interface QueueSettings {
  /** Requests that may wait. */
  max: number
  /** Milliseconds that each may wait. */
  timeout: number
}

export interface HedgeSettings {
  /** Milliseconds after which a second attempt begins, or the deployment's own 95th percentile. */
  delay: number | "p95"
}

export interface MirrorSettings {
  group: string
  /** From 0 to 100. */
  percent: number
}

export interface GroupSettings {
  name: string
  /** A name of the registry, or the config's own function. */
  strategy: string | StrategyFunction
  models: readonly DeploymentSettings[]
  /** Groups that are tried when every channel of this one has failed. */
  fallbacks: readonly string[]
  /** Groups that are tried when the request is too long for this one. */
  contextFallbacks: readonly string[]
  /** Groups that are tried when this one refuses what the request says. */
  contentPolicyFallbacks: readonly string[]
  /** Whether a request's tags are a condition or a wish. */
  tagMatch: "strict" | "preferred"
  queue: QueueSettings | undefined
  hedge: HedgeSettings | undefined
  /** Whether a text stream that dies is continued by the next upstream. */
  continuation: boolean
  mirror: MirrorSettings | undefined
  timeouts: Partial<Timeouts>
  retries: Partial<Retries>
  /** Whether what an upstream cannot do is refused rather than left out. */
  strict: boolean
}

export interface CallerKey {
  /** Printed in logs and the ledger. */
  id: string
  key: Secret
  /** Groups it may use; undefined is all of them and every `provider/model`. */
  groups: readonly string[] | undefined
  /** Tags that every request with it has. */
  tags: readonly string[]
  /** Region that every request with it must stay in. */
  region: string | undefined
}

export interface AuthSettings {
  /** Set where the config lists caller keys, even if none of them could be found. */
  required: boolean
  keys: readonly CallerKey[]
  adminKey: Secret | undefined
}

export interface CorsSettings {
  /** Allowed origins; `*` is all. */
  origins: readonly string[]
}

export interface ServerSettings {
  /** Undefined: loopback without caller keys, else every interface. */
  host: string | undefined
  port: number
  cors: CorsSettings | undefined
  /** Milliseconds that streams in flight may take to finish after SIGTERM. */
  drain: number
  /** Milliseconds of silence after which a stream's client gets a keepalive; 0 is never. */
  keepAlive: number
  compression: boolean
  /** Whether answers carry `x-llmrouter-*` headers. */
  headers: boolean
  /** Processes that share the port; from 1. */
  workers: number
}

/** A checked config with every default filled in. */
export interface Settings {
  /** The file it came from; undefined when it was made from the environment. */
  file: string | undefined
  /** Every file that it was read from, for watching. */
  files: readonly string[]
  /** Twelve hex digits that change when the config does. */
  version: string
  server: ServerSettings
  auth: AuthSettings
  providers: readonly ProviderSettings[]
  groups: readonly GroupSettings[]
  defaultGroup: string | undefined
  unknownModel: "error" | "default"
  exposeModels: boolean
  timeouts: Timeouts
  retries: Retries
  cooldown: Cooldown
  breaker: BreakerSettings
  /** Bytes. */
  limits: { body: number; response: number; media: number }
  /** From which addresses media is fetched for upstreams that do not fetch it themselves. */
  fetchMedia: "public" | "any" | false
  /** False keeps no usage at all. `keepAnswers` is in milliseconds. */
  storage: { path: string; keepAnswers: number } | false
  log: { level: "debug" | "info" | "warn" | "error" | "silent"; format: "auto" | "pretty" | "json" }
}
