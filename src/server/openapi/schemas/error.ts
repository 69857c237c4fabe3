import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { nullable, open } from "../shapes.ts"

/** An error as OpenAI's API writes it. */
export const ErrorAnswer = open(
  {
    error: open({
      message: t.String({ description: "What was wrong, where, and how to fix it." }),
      type: t.Optional(nullable(t.String(), "The kind of error.")),
      param: t.Optional(nullable(t.String(), "The field that is wrong, if one is.")),
      code: t.Optional(
        nullable(t.Union([t.String(), t.Integer()]), "A word for programs to act on."),
      ),
    }),
  },
  {
    $id: "Error",
    description: "An error. An upstream's own error is passed on with its status and message.",
  },
)
export type ErrorAnswer = Static<typeof ErrorAnswer>
