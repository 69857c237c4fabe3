import * as t from "../../../core/typebox.ts"
import { nullable, open } from "../shapes.ts"

/** What callers may write as `model`. */
export const ModelName = t.String({
  $id: "ModelName",
  description:
    'A group of the config; `group$N` for its channel N, from 0; or `provider/model`. Empty or `"auto"` is the default group.',
  examples: ["auto"],
})

/** Texts that end an answer. */
export const Stop = nullable(
  t.Union([t.String(), t.Array(t.String(), { maxItems: 4 })]),
  "Up to four texts at which the answer ends.",
)

/** What a stream carries beside the answer. */
export const StreamOptions = open(
  {
    include_usage: t.Optional(
      t.Boolean({ description: "Whether one more chunk with the tokens comes before the end." }),
    ),
    include_obfuscation: t.Optional(
      t.Boolean({ description: "Whether chunks are padded to hide their length." }),
    ),
  },
  { $id: "StreamOptions", description: "What a stream carries beside the answer." },
)

/** Tokens of one request. */
export const TokenUsage = open(
  {
    prompt_tokens: t.Integer({ description: "Of the request, cached ones included." }),
    completion_tokens: t.Integer({ description: "Of the answer, thoughts included." }),
    total_tokens: t.Integer(),
    prompt_tokens_details: t.Optional(
      nullable(
        open({
          cached_tokens: t.Optional(t.Integer({ description: "Read from the upstream's cache." })),
          cache_write_tokens: t.Optional(t.Integer({ description: "Written to it." })),
          audio_tokens: t.Optional(t.Integer()),
        }),
      ),
    ),
    completion_tokens_details: t.Optional(
      nullable(
        open({
          reasoning_tokens: t.Optional(t.Integer({ description: "Thought, not said." })),
          audio_tokens: t.Optional(t.Integer()),
          accepted_prediction_tokens: t.Optional(t.Integer()),
          rejected_prediction_tokens: t.Optional(t.Integer()),
        }),
      ),
    ),
  },
  { $id: "TokenUsage", description: "Tokens of one request." },
)
