import type {
  Budget,
  ErrorMatcher,
  ErrorRule,
  ProviderSettings,
  Retries,
  Settings,
  Timeouts,
} from "../core/settings.ts"
import type { StrategyFunction } from "../core/strategy-function.ts"
import type { SecretValue } from "./secret-value.ts"

/**
 * A config after decoding: durations are milliseconds, sizes bytes, secrets looked up. What was wrong
 * has been reported and is undefined here, so that later checks say nothing about it again.
 */
export interface ParsedConfig {
  providers?: Record<string, ParsedProvider | undefined>
  groups?: Record<string, ParsedGroup | (ParsedModel | undefined)[] | undefined>
  defaultGroup?: string
  unknownModel?: Settings["unknownModel"]
  exposeModels?: boolean
  server?: {
    host?: string
    port?: number
    cors?: boolean | { origins?: (string | undefined)[] }
    drain?: number
    keepAlive?: number
    compression?: boolean
    headers?: boolean
    workers?: number | "auto"
  }
  auth?: {
    keys?: (SecretValue | ParsedCallerKey | undefined)[]
    adminKey?: SecretValue
  }
  timeouts?: Partial<Timeouts>
  retries?: ParsedRetries
  cooldown?: Partial<Settings["cooldown"]>
  breaker?: Partial<Settings["breaker"]>
  limits?: Partial<Settings["limits"]>
  fetchMedia?: Settings["fetchMedia"]
  storage?: false | { path?: string; keepAnswers?: number }
  log?: Partial<Settings["log"]>
}

export type ParsedRetries = number | Partial<Retries>

export interface ParsedProvider {
  type?: string
  baseUrl?: string
  keys?: (SecretValue | undefined)[]
  models?: (string | undefined)[]
  headers?: Record<string, SecretValue | undefined>
  extraBody?: Record<string, unknown>
  passHeaders?: (string | undefined)[]
  protocols?: (string | undefined)[]
  proxy?: string
  timeouts?: Partial<Timeouts>
  region?: string
  budget?: Budget
  errors?: (ParsedErrorRule | undefined)[]
  errorMatchers?: (ErrorMatcher | undefined)[]
  probe?: ProviderSettings["probe"]
  /** The type's own options. */
  [option: string]: unknown
}

/** What of an error rule was written. */
export type ParsedErrorRule = {
  [Key in Exclude<keyof ErrorRule, "status">]?: NonNullable<ErrorRule[Key]>
} & { status?: number | (number | undefined)[] }

/** `provider/model`, or its long form. */
export type ParsedModel = string | ParsedDeployment

export interface ParsedDeployment {
  provider?: string
  model?: string
  weight?: number
  tags?: (string | undefined)[]
  timeouts?: Partial<Timeouts>
  region?: string
  limits?: { rpm?: number; tpm?: number; parallel?: number }
  percent?: number
  /** By the config's own keys, such as `parallelTools`. */
  capabilities?: { contextWindow?: number; [need: string]: boolean | number | undefined }
  /** US dollars per million tokens. */
  price?: { input?: number; output?: number; cacheRead?: number; cacheWrite?: number }
}

export interface ParsedGroup {
  strategy?: string | StrategyFunction
  models?: readonly (ParsedModel | undefined)[]
  fallbacks?: (string | undefined)[]
  contextFallbacks?: (string | undefined)[]
  contentPolicyFallbacks?: (string | undefined)[]
  tagMatch?: "strict" | "preferred"
  queue?: number | { max?: number; timeout?: number }
  hedge?: boolean | number | "p95" | { delay?: number | "p95" }
  continuation?: boolean
  mirror?: { group?: string; percent?: number }
  timeouts?: Partial<Timeouts>
  retries?: ParsedRetries
  strict?: boolean
}

export interface ParsedCallerKey {
  key?: SecretValue
  name?: string
  groups?: (string | undefined)[]
  tags?: (string | undefined)[]
  region?: string
}
