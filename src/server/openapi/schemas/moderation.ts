import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { open } from "../shapes.ts"

/** Body of a moderation request. */
export const ModerationRequest = open(
  {
    model: t.Optional(
      t.String({ description: "A group or `provider/model`; absent is the default group." }),
    ),
    input: t.Union(
      [
        t.String(),
        t.Array(t.String()),
        t.Array(
          t.Union([
            open({ type: t.Literal("text"), text: t.String() }),
            open({ type: t.Literal("image_url"), image_url: open({ url: t.String() }) }),
          ]),
        ),
      ],
      { description: "A text, several texts, or text and pictures." },
    ),
  },
  { $id: "ModerationRequest", description: "Text or pictures to check." },
)
export type ModerationRequest = Static<typeof ModerationRequest>

/** What was found, by category. */
export const Moderation = open(
  {
    id: t.String(),
    model: t.String(),
    results: t.Array(
      open({
        flagged: t.Boolean({ description: "Whether any category applies." }),
        categories: t.Record(t.String(), t.Boolean()),
        category_scores: t.Record(t.String(), t.Number(), { description: "From 0 to 1." }),
      }),
    ),
  },
  { $id: "Moderation", description: "What was found, by category." },
)
export type Moderation = Static<typeof Moderation>
