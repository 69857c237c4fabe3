import type { Static, TProperties } from "@sinclair/typebox"
import * as t from "../core/typebox.ts"

/** A length of time: `"60s"`, or milliseconds. */
const time = (description: string) =>
  t.Union([t.String({ pattern: "^\\d+(\\.\\d+)?(ms|s|m|h|d)$" }), t.Number({ minimum: 0 })], {
    description,
  })
const object = <P extends TProperties>(properties: P, description?: string) =>
  t.Object(properties, { additionalProperties: false, ...(description && { description }) })
const amount = (description: string) => t.Number({ minimum: 0, description })
const whole = (description: string) => t.Integer({ minimum: 1, description })
const share = (description: string) => t.Number({ minimum: 0, maximum: 1, description })

const Outage = object({
  from: time("When it begins, from the start of the scenario."),
  to: time("When it ends."),
  error: t.Union(
    [
      t.Literal("server-error"),
      t.Literal("refused"),
      t.Literal("unreachable"),
      t.Literal("hang"),
      t.Literal("unauthorized"),
    ],
    {
      description:
        "`server-error` is a 503 after a moment, `refused` a connection that is refused at once, " +
        "`unreachable` one that never opens, `hang` an answer that never begins, `unauthorized` a rejected key.",
    },
  ),
  share: t.Optional(share("Share of the requests that it hits; 1 when not said.")),
  key: t.Optional(t.Integer({ minimum: 0, description: "The one key that it hits, from 0." })),
  every: t.Optional(time("Set for an outage that comes again: from beginning to beginning.")),
  lasts: t.Optional(time("How long each one lasts, with `every`.")),
})
export type Outage = Static<typeof Outage>

const Phase = object({
  from: time("When it begins."),
  to: time("When it ends."),
  factor: t.Number({
    minimum: 0.01,
    description: "What all times of the upstream are multiplied by.",
  }),
  ends: t.Optional(
    t.Number({ minimum: 0.01, description: "The factor at its end, where it changes evenly." }),
  ),
  capacity: t.Optional(whole("The capacity meanwhile.")),
})
export type Phase = Static<typeof Phase>

const Upstream = object({
  keys: t.Optional(whole("Provider keys; 1 when not said. All models of a provider have as many.")),
  ttft: time("Median time to the first token of a short prompt."),
  perToken: t.Optional(time("Time per output token; 12 ms when not said.")),
  prefill: t.Optional(
    time(
      "What 1,000 input tokens that are not cached add to the first token; 15 ms when not said.",
    ),
  ),
  noise: t.Optional(
    amount("Spread (σ of the logarithm) of what only this upstream adds; 0.05 when not said."),
  ),
  price: object(
    {
      input: amount("USD per million input tokens."),
      output: amount("USD per million output tokens."),
      cacheRead: t.Optional(amount("USD per million tokens read from the prompt cache.")),
      cacheWrite: t.Optional(amount("USD per million tokens written to the prompt cache.")),
    },
    "What it costs; where a cache price is not said, the input's holds.",
  ),
  weight: t.Optional(amount("As in the config.")),
  tags: t.Optional(t.Array(t.String())),
  window: t.Optional(
    whole("Tokens of input and output together. The upstream refuses what is longer."),
  ),
  limits: t.Optional(
    object(
      {
        rpm: t.Optional(whole("Requests a minute.")),
        tpm: t.Optional(whole("Tokens a minute.")),
        parallel: t.Optional(whole("Requests at the same time.")),
      },
      "What the config says of its limits. The upstream does not know of it.",
    ),
  ),
  quota: t.Optional(
    object(
      {
        rpm: t.Optional(whole("Requests a minute.")),
        tpm: t.Optional(whole("Tokens a minute.")),
        retryAfter: t.Optional(t.Boolean({ description: "Whether a 429 says when to come back." })),
        headers: t.Optional(t.Boolean({ description: "Whether answers say what is left." })),
      },
      "What the upstream gives each key: buckets that fill evenly; 429 when they are empty.",
    ),
  ),
  capacity: t.Optional(whole("Requests at the same time, over all keys, before it is overloaded.")),
  overload: t.Optional(
    t.Union([t.Literal("slow"), t.Literal("refuse")], {
      description: "What it does then: gets slower in proportion, or answers 503.",
    }),
  ),
  cache: t.Optional(
    object(
      {
        ttl: time("How long a conversation stays in the cache after its last use."),
        minimum: t.Optional(whole("Tokens below which nothing is cached; 1024 when not said.")),
      },
      "A prompt cache: each key has its own.",
    ),
  ),
  slow: t.Optional(t.Array(Phase, { description: "Times when it is slower or faster." })),
  outages: t.Optional(t.Array(Outage)),
})
export type UpstreamSpec = Static<typeof Upstream>

const Tokens = t.Union([
  whole("Tokens."),
  object({
    median: whole("Median of a log-normal distribution, in tokens."),
    spread: amount("σ of its logarithm."),
  }),
])
export type Tokens = Static<typeof Tokens>

const Workload = object({
  rate: t.Union(
    [
      t.Number({ exclusiveMinimum: 0 }),
      t.Array(object({ at: time("When."), rate: amount("Conversations a second then.") }), {
        minItems: 1,
      }),
    ],
    {
      description:
        "Conversations that begin in a second (Poisson); between points it changes evenly.",
    },
  ),
  turns: t.Optional(whole("Requests of a conversation, on average; 1 when not said.")),
  think: t.Optional(time("Median time from the end of an answer to the next turn; 20 s.")),
  growth: t.Optional(Tokens),
  input: t.Union(
    [Tokens, t.Array(object({ share: share("Its share."), tokens: Tokens }), { minItems: 1 })],
    { description: "Input tokens of a conversation's first turn, or a mix of lengths." },
  ),
  output: Tokens,
  stream: t.Optional(share("Share of the requests that stream; all when not said.")),
  callers: t.Optional(whole("How many callers share the work; 10 when not said.")),
  spread: t.Optional(
    amount("Spread (σ of the logarithm) of how hard requests are, for every upstream alike; 0.35."),
  ),
})
export type Workload = Static<typeof Workload>

const Overrides = t.Record(t.String(), t.Union([t.String(), t.Number()]))

/** A made-up world of upstreams and callers, in which strategies are compared. */
export const Scenario = object({
  name: t.String({ pattern: "^[a-z0-9-]+$", description: "Lower case, with hyphens." }),
  description: t.String({ description: "One line." }),
  length: time("How long it lasts; then it begins anew, until there are enough requests."),
  upstreams: t.Record(t.String({ pattern: "^[^/]+/.+$" }), Upstream, {
    description: "By `provider/model`, in config order.",
    minProperties: 1,
  }),
  fallbacks: t.Optional(
    t.Array(t.String(), { description: "Upstreams of the group that the others fall back to." }),
  ),
  settings: t.Optional(
    object(
      {
        timeouts: t.Optional(Overrides),
        retries: t.Optional(Overrides),
        cooldown: t.Optional(Overrides),
        breaker: t.Optional(Overrides),
      },
      "What differs from the defaults of the config.",
    ),
  ),
  workload: Workload,
})
export type Scenario = Static<typeof Scenario>
