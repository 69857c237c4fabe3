import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { between, nullable, oneOf, open } from "../shapes.ts"
import { ModelName, Stop, StreamOptions, TokenUsage } from "./generation.ts"

/** Body of a text completion request. */
export const CompletionRequest = open(
  {
    model: ModelName,
    prompt: nullable(
      t.Union([
        t.String(),
        t.Array(t.String()),
        t.Array(t.Integer()),
        t.Array(t.Array(t.Integer())),
      ]),
      "Text to continue, several texts, or their tokens.",
    ),
    suffix: t.Optional(nullable(t.String(), "Text that comes after the answer.")),
    max_tokens: t.Optional(nullable(t.Integer({ minimum: 0 }), "Tokens that the answer may have.")),
    stream: t.Optional(nullable(t.Boolean(), "Whether the answer comes as events.")),
    stream_options: t.Optional(nullable(StreamOptions)),
    temperature: t.Optional(nullable(between(0, 2, "Randomness; 0 is the least."))),
    top_p: t.Optional(nullable(between(0, 1, "Only the likeliest tokens up to this mass."))),
    frequency_penalty: t.Optional(nullable(between(-2, 2, "Above 0 discourages repetition."))),
    presence_penalty: t.Optional(nullable(between(-2, 2, "Above 0 encourages new topics."))),
    logit_bias: t.Optional(nullable(t.Record(t.String(), t.Number()))),
    logprobs: t.Optional(nullable(t.Integer({ minimum: 0, maximum: 5 }))),
    n: t.Optional(nullable(t.Integer({ minimum: 1, maximum: 128 }), "How many answers a prompt.")),
    best_of: t.Optional(nullable(t.Integer({ minimum: 1 }), "Keep the best `n` of so many.")),
    echo: t.Optional(nullable(t.Boolean(), "Whether the prompt comes back before the answer.")),
    stop: t.Optional(Stop),
    seed: t.Optional(nullable(t.Integer())),
    user: t.Optional(t.String({ description: "An anonymous id of your user." })),
  },
  { $id: "CompletionRequest", description: "A text to continue." },
)
export type CompletionRequest = Static<typeof CompletionRequest>

/** A whole text completion; a stream has the same shape in pieces. */
export const Completion = open(
  {
    id: t.String(),
    object: t.Literal("text_completion"),
    created: t.Integer({ description: "Seconds since 1970." }),
    model: t.String(),
    choices: t.Array(
      open({
        index: t.Integer(),
        text: t.String(),
        logprobs: t.Optional(nullable(open({}))),
        finish_reason: nullable(oneOf(["stop", "length", "content_filter"])),
      }),
    ),
    usage: t.Optional(nullable(TokenUsage)),
    system_fingerprint: t.Optional(nullable(t.String())),
  },
  { $id: "Completion", description: "A continued text." },
)
export type Completion = Static<typeof Completion>
