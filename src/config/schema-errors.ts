import * as t from "../core/typebox.ts"
import { Callback, choice, duration, object, oneOrMore, Pattern } from "./schema-fields.ts"

const ErrorRule = object(
  {
    status: oneOrMore(
      t.Integer({ minimum: 100, maximum: 599 }),
      "HTTP statuses: one of them is the answer's.",
    ),
    body: t.Optional(
      Pattern(
        "Found in the error's body or message: a regular expression, or text in any case. In JSON and YAML `/…/i` is one.",
      ),
    ),
    phase: choice("Whether something had reached the caller.", ["before", "after"]),
    // biome-ignore lint/suspicious/noThenProperty: a key of the config, which nobody awaits
    then: choice("What is tried next.", ["fail", "next-key", "next-deployment", "retry"]),
    breaker: t.Optional(t.Boolean({ description: "Whether the breaker counts it." })),
    cooldown: duration("How long the channel rests; `0s` is not at all."),
  },
  { description: "What an error leads to.", typeName: "ErrorRule" },
)

/** What a provider's errors mean, where that is something of their own. */
export const errorFields = {
  errors: t.Optional(
    t.Array(ErrorRule, {
      description:
        "What its errors lead to, where they mean something of their own. The first that fits decides; what it does not say stays as it is.",
      default: [],
    }),
  ),
  errorMatchers: t.Optional(
    t.Array(
      t.Union([
        Pattern("A regular expression, or text in any case."),
        Callback("TextMatcher", "Whether a text is an error."),
      ]),
      {
        description:
          "Finds errors in the first kilobytes of answers with status 200: regular expressions, texts in any case, or functions. In JSON and YAML `/…/i` is a regular expression.",
        default: [],
      },
    ),
  ),
}
