import * as t from "../core/typebox.ts"
import { NEEDS, type Need } from "../core/routing.ts"
import { type FieldOptions, object, words } from "./schema-fields.ts"
import { Timeouts } from "./schema-timeouts.ts"

const limit = (description: string) => t.Optional(t.Integer({ minimum: 1, description }))

const Limits = object(
  {
    rpm: limit("Requests a minute."),
    tpm: limit("Tokens a minute, input and output together."),
    parallel: limit("Requests at the same time."),
  },
  {
    description: "What it takes, over all of its keys; more is sent elsewhere.",
    typeName: "DeploymentLimits",
  },
)

const CAPABILITIES: Readonly<Record<Need, string>> = {
  tools: "Tools.",
  "parallel-tools": "More than one tool call in an answer.",
  vision: "Images in the input.",
  audio: "Audio in the input or the output.",
  documents: "Documents in the input, such as PDF.",
  video: "Video in the input.",
  "json-schema": "Answers by a JSON Schema.",
  reasoning: "Reasoning.",
  streaming: "Streamed answers.",
}

/** The config's key for something that a request may need. */
export const capabilityKey = (need: Need) =>
  need.replace(/-(\w)/g, (_, first: string) => first.toUpperCase())

const Capabilities = object(
  {
    ...Object.fromEntries(
      NEEDS.map((need) => [
        capabilityKey(need),
        t.Optional(t.Boolean({ description: CAPABILITIES[need] })),
      ]),
    ),
    contextWindow: t.Optional(
      t.Integer({ minimum: 1, description: "Tokens of input and output together." }),
    ),
  },
  {
    description:
      "What the model can do and cannot; what is not said is as it is known of the model.",
  },
)

const rate = (description: string) => t.Number({ minimum: 0, description })

const Price = object(
  {
    input: rate("Of input tokens."),
    output: rate("Of output tokens."),
    cacheRead: t.Optional(rate("Of input tokens that come from the prompt cache.")),
    cacheWrite: t.Optional(rate("Of input tokens that are written to the prompt cache.")),
  },
  { description: "US dollars per million tokens, instead of the published price." },
)

/** The long form of a deployment. */
export const Deployment = object(
  {
    provider: t.String({ kind: "provider", description: "Name of a provider in this config." }),
    model: t.String({
      kind: "model",
      minLength: 1,
      description: "The provider's own name of the model.",
    } satisfies FieldOptions & { minLength: number }),
    weight: t.Optional(
      t.Number({
        minimum: 0,
        description: "Share of the traffic, for the strategies that use it.",
        default: 1,
      }),
    ),
    tags: words("Words to route by and to report by. `default` is for requests without tags."),
    region: t.Optional(
      t.String({
        minLength: 1,
        description: "Where it runs, such as `eu` or `us-east-1`.",
        defaultText: "the provider's",
      }),
    ),
    limits: t.Optional(Limits),
    percent: t.Optional(
      t.Number({
        minimum: 0,
        maximum: 100,
        description:
          "Percentage of the group's traffic that it gets for a trial, whatever the strategy says.",
      }),
    ),
    capabilities: t.Optional(Capabilities),
    price: t.Optional(Price),
    timeouts: t.Optional(Timeouts("Time limits of this deployment.")),
  },
  { description: "One provider and one of its models." },
)
