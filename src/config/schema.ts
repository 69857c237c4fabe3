import { type TObject, type TProperties, type TSchema, Type as t } from "@sinclair/typebox"
import type { ProviderDefinition } from "../core/provider.ts"
import { providers } from "../providers/index.ts"
import { DEFAULT_STRATEGY, strategies } from "../routing/strategies/index.ts"

/**
 * Values that the checker knows beyond JSON Schema, by the `kind` annotation:
 * `duration` "60s" or milliseconds, `size` "64mb" or bytes, `secret` a Secret or a string,
 * `provider`, `group`, `strategy`, `model` names that must exist elsewhere in the config.
 */
export type ValueKind = "duration" | "size" | "secret" | "group" | "strategy" | "provider" | "model"

/** Annotations of a config field: what the editor, the docs and the checker show. */
export interface FieldOptions {
  description: string
  /** As written in a config. */
  default?: unknown
  kind?: ValueKind
  examples?: readonly unknown[]
  /** Computed at start, so there is no literal default: said in words. */
  defaultText?: string
}

const object = <P extends TProperties>(properties: P, options: Partial<FieldOptions> = {}) =>
  t.Object(properties, { additionalProperties: false, ...options })

const duration = (description: string, value: string) =>
  t.Optional(
    t.Union([t.String(), t.Number({ minimum: 0 })], {
      kind: "duration",
      description,
      default: value,
    } satisfies FieldOptions),
  )

const size = (description: string, value: string) =>
  t.Optional(
    t.Union([t.String(), t.Integer({ minimum: 1 })], {
      kind: "size",
      description,
      default: value,
    } satisfies FieldOptions),
  )

const count = (description: string, value: number, minimum = 0) =>
  t.Optional(t.Integer({ minimum, description, default: value }))

const flag = (description: string, value: boolean) =>
  t.Optional(t.Boolean({ description, default: value }))

const secret = (description: string) => t.Unsafe<unknown>({ kind: "secret", description })

const Timeouts = (title: string) =>
  object(
    {
      connect: duration("Longest time to reach the upstream's host.", "5s"),
      firstByte: duration("Longest time to the first byte of a streamed answer.", "60s"),
      stall: duration(
        "Longest silence between two events that carry content. Keepalives do not count.",
        "5m",
      ),
      response: duration("Longest time to the headers of an answer that does not stream.", "15m"),
    },
    { description: title },
  )

const Retries = object(
  {
    attempts: count(
      "Attempts beyond the first. A healthy channel that was not tried yet is tried all the same.",
      3,
    ),
    backoff: duration(
      "Pause before the same deployment is tried again; doubles each time, with full jitter.",
      "250ms",
    ),
    maxBackoff: duration("Longest such pause.", "5s"),
  },
  { description: "Trying again after a failure, before anything reached the caller." },
)

const retries = t.Optional(
  t.Union([t.Integer({ minimum: 0 }), Retries], {
    description: "Attempts beyond the first, or their details.",
    default: 3,
  }),
)

const common = {
  keys: t.Optional(
    t.Array(secret("A provider key."), {
      description: 'Provider keys: `env("X")`, `file("/run/secrets/x")` or a string.',
      defaultText: "the type's well-known environment variable",
    }),
  ),
  models: t.Optional(
    t.Array(t.String({ minLength: 1 }), {
      description:
        "Models that this provider serves. With a list, groups can name no other; without one, any.",
    }),
  ),
  headers: t.Optional(
    t.Record(t.String(), secret("A header's value."), {
      description: "Headers added to every request to this provider.",
      default: {},
    }),
  ),
  extraBody: t.Optional(
    t.Record(t.String(), t.Unknown(), {
      description: "Fields added to every JSON body for this provider; they win over the caller's.",
      default: {},
    }),
  ),
  passHeaders: t.Optional(
    t.Array(t.String(), {
      description: "Names of the caller's headers that are sent on to this provider.",
      default: [],
    }),
  ),
  proxy: t.Optional(
    t.String({
      description: "URL of an outbound HTTP proxy, such as `http://user:password@host:3128`.",
      defaultText: "`HTTPS_PROXY` or `HTTP_PROXY`",
    }),
  ),
  timeouts: t.Optional(Timeouts("Time limits of this provider.")),
}

/** The config block of one provider type. */
export function providerSchema(definition: ProviderDefinition): TObject {
  const url = t.String({
    description: "Base URL, up to and including the version: `https://host/v1`.",
    ...(definition.baseUrl && { default: definition.baseUrl }),
  })
  const required = definition.baseUrl === undefined && definition.needs === undefined
  const options: Record<string, TSchema> = {}
  for (const [name, description] of Object.entries(definition.options ?? {})) {
    options[name] = t.Optional(t.String({ description }))
  }
  return object(
    {
      type: t.Literal(definition.type, { description: definition.description }),
      baseUrl: required ? url : t.Optional(url),
      ...options,
      ...common,
    },
    { description: definition.description },
  )
}

const Provider = t.Union([...providers.values()].map(providerSchema), {
  description: "An account at an LLM vendor, or a server that speaks its API.",
})

const strategy = t.Optional(
  t.Union(
    Object.values(strategies).map(({ name, description }) => t.Literal(name, { description })),
    {
      kind: "strategy",
      description: "How a deployment is chosen.",
      default: DEFAULT_STRATEGY,
    } satisfies FieldOptions,
  ),
)

const Deployment = object(
  {
    provider: t.String({ kind: "provider", description: "Name of a provider in this config." }),
    model: t.String({
      kind: "model",
      minLength: 1,
      description: "The provider's own name of the model.",
    }),
    weight: t.Optional(
      t.Number({
        minimum: 0,
        description: "Share of the traffic, for the strategies that use it.",
        default: 1,
      }),
    ),
    tags: t.Optional(
      t.Array(t.String(), { description: "Words to route by and to report by.", default: [] }),
    ),
    timeouts: t.Optional(Timeouts("Time limits of this deployment.")),
  },
  { description: "One provider and one of its models." },
)

const Models = t.Array(
  t.Union([
    t.String({ kind: "model", description: "`provider/model`" } satisfies FieldOptions),
    Deployment,
  ]),
  { minItems: 1, description: "Deployments: `provider/model`, or an object with more." },
)

const groupName = (description: string) => t.String({ kind: "group", description })

const GroupObject = object(
  {
    strategy,
    models: Models,
    fallbacks: t.Optional(
      t.Array(groupName("Name of a group."), {
        description: "Groups that are tried when this one has failed.",
        default: [],
      }),
    ),
    timeouts: t.Optional(Timeouts("Time limits of this group.")),
    retries,
  },
  { description: "A model name that callers use, with its strategy." },
)

const CallerKey = t.Union([
  secret("A key that callers send."),
  object({
    key: secret("The key that callers send."),
    name: t.String({
      minLength: 1,
      description: "Shown in logs and in the usage table instead of the key.",
    }),
    groups: t.Optional(
      t.Array(groupName("Name of a group."), {
        description: "Groups that this key may use.",
        defaultText: "every group and `provider/model`",
      }),
    ),
  }),
])

/** The whole config, as written in the file. Unknown keys are errors. */
export const ConfigSchema = object(
  {
    $schema: t.Optional(
      t.String({ description: "Where the JSON Schema is, for editors of JSON and YAML configs." }),
    ),
    providers: t.Record(t.String(), Provider, {
      description: "Accounts at LLM vendors, by the name that groups use.",
    }),
    groups: t.Optional(
      t.Record(t.String(), t.Union([Models, GroupObject]), {
        description:
          "The model names that callers use: a list is tried in order, an object says more.",
        default: {},
      }),
    ),
    defaultGroup: t.Optional(
      t.String({
        kind: "group",
        description: 'The group for requests without a model, or with `"auto"`.',
        defaultText: "the first group",
      }),
    ),
    unknownModel: t.Optional(
      t.Union(
        [
          t.Literal("error", { description: "404 with near matches." }),
          t.Literal("default", { description: "The default group, with a warning in the log." }),
        ],
        { description: "What a model name that does not exist gets.", default: "error" },
      ),
    ),
    exposeModels: flag("Whether `/v1/models` also lists `provider/model` names.", false),
    server: t.Optional(
      object(
        {
          host: t.Optional(
            t.String({
              description: "Address to listen on. `HOST` and `--host` win.",
              defaultText: "`127.0.0.1` without caller keys, else `0.0.0.0`",
            }),
          ),
          port: t.Optional(
            t.Integer({
              minimum: 0,
              maximum: 65535,
              description: "Port to listen on. `PORT` and `--port` win; 0 takes any free one.",
              default: 8080,
            }),
          ),
          cors: t.Optional(
            t.Union(
              [
                t.Boolean(),
                object({
                  origins: t.Array(t.String(), {
                    description: 'Allowed origins, such as `https://chat.example.com`, or `"*"`.',
                  }),
                }),
              ],
              {
                description: "Whether browsers on other origins may call: all, none, or a list.",
                default: false,
              },
            ),
          ),
          drain: duration("How long streams in flight may take to finish after SIGTERM.", "30s"),
          keepAlive: duration(
            "Silence after which a stream's caller gets a keepalive; `0s` is never. The first one commits the status 200.",
            "15s",
          ),
          compression: flag("Whether answers that do not stream are compressed.", true),
          headers: flag("Whether answers carry `x-llmrouter-*` headers.", true),
        },
        { description: "The listener." },
      ),
    ),
    auth: t.Optional(
      object(
        {
          keys: t.Optional(
            t.Array(CallerKey, {
              description:
                "Keys that callers must send. Without a list, only this machine is served, and no web page of another.",
              default: [],
            }),
          ),
          adminKey: t.Optional(secret("Key of the admin API. Never a caller's key.")),
        },
        { description: "Who may call." },
      ),
    ),
    timeouts: t.Optional(Timeouts("Time limits of every attempt. There is no total limit.")),
    retries,
    cooldown: t.Optional(
      object(
        {
          network: duration("After a connection error or a timeout.", "10s"),
          rateLimit: duration("After 429 without `Retry-After`.", "60s"),
          server: duration("After 5xx or an answer that makes no sense.", "30s"),
          auth: duration(
            "After 401 or 403: the first pause, which doubles until a probe succeeds.",
            "30s",
          ),
          authMax: duration("Longest pause between probes of a rejected key.", "10m"),
          missing: duration("After 404 of the model.", "5m"),
        },
        { description: "How long a channel rests, by what went wrong." },
      ),
    ),
    breaker: t.Optional(
      object(
        {
          failures: count("Consecutive failures that open it; 0 turns breakers off.", 5),
          open: duration("How long it stays open before one probe; doubles each time.", "30s"),
          maxOpen: duration("Longest time that it stays open.", "5m"),
        },
        { description: "The circuit breaker of each deployment." },
      ),
    ),
    limits: t.Optional(
      object(
        {
          body: size("Largest request body.", "64mb"),
          response: size("Largest answer that is held in memory.", "128mb"),
        },
        { description: "Sizes that are refused." },
      ),
    ),
    storage: t.Optional(
      t.Union(
        [
          t.Literal(false, { description: "Keeps no usage at all." }),
          object({
            path: t.Optional(
              t.String({
                description: "SQLite file, relative to the config file.",
                default: ".llmrouter/llmrouter.db",
              }),
            ),
          }),
        ],
        { description: "Where usage is kept.", default: { path: ".llmrouter/llmrouter.db" } },
      ),
    ),
    log: t.Optional(
      object(
        {
          level: t.Optional(
            t.Union(
              ["debug", "info", "warn", "error", "silent"].map((level) => t.Literal(level)),
              { description: "Least important line that is written.", default: "info" },
            ),
          ),
          format: t.Optional(
            t.Union(
              ["auto", "pretty", "json"].map((format) => t.Literal(format)),
              { description: "`auto` is pretty on a terminal, else JSON.", default: "auto" },
            ),
          ),
        },
        { description: "The log." },
      ),
    ),
  },
  { description: "Config of LLM Router." },
)
