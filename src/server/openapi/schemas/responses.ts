import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { between, nullable, oneOf, open } from "../shapes.ts"
import { ModelName } from "./generation.ts"

const Item = open(
  {
    type: t.Optional(
      t.String({
        description:
          "`message`, `function_call`, `function_call_output`, `reasoning`, `custom_tool_call` and others. A message needs no type.",
      }),
    ),
  },
  { $id: "ResponseItem", description: "One item of the conversation." },
)

/** Body of a Responses request. */
export const ResponseRequest = open(
  {
    model: ModelName,
    input: t.Union([t.String(), t.Array(Item)], {
      description: "What the user says, or the conversation as items.",
    }),
    instructions: t.Optional(nullable(t.String(), "What the model is told first.")),
    stream: t.Optional(t.Boolean({ description: "Events instead of one answer." })),
    max_output_tokens: t.Optional(
      t.Integer({ minimum: 16, description: "Tokens that the answer may have." }),
    ),
    previous_response_id: t.Optional(
      nullable(
        t.String(),
        "Goes on from an earlier answer, whichever upstream gave it: the router keeps the conversation.",
      ),
    ),
    store: t.Optional(
      t.Boolean({
        default: true,
        description:
          "Whether the answer is kept for `previous_response_id` (`storage.keepAnswers`).",
      }),
    ),
    reasoning: t.Optional(
      open({
        effort: t.Optional(
          oneOf(["none", "minimal", "low", "medium", "high", "xhigh", "max"], "How much to think."),
        ),
        summary: t.Optional(oneOf(["auto", "concise", "detailed"], "What you see of it.")),
      }),
    ),
    text: t.Optional(
      open({
        format: t.Optional(
          open(
            { type: oneOf(["text", "json_object", "json_schema"]) },
            { description: "`json_schema` also takes `name`, `schema` and `strict`." },
          ),
        ),
      }),
    ),
    tools: t.Optional(
      t.Array(open({ type: t.String() }), {
        description: "Functions, custom tools and what the upstream hosts, in the flat spelling.",
      }),
    ),
    temperature: t.Optional(between(0, 2, "How freely words are chosen.")),
  },
  { $id: "ResponseRequest", description: "A conversation to continue, as items." },
)
export type ResponseRequest = Static<typeof ResponseRequest>

/** A whole answer of the Responses API. */
export const ResponseObject = open(
  {
    id: t.String(),
    object: t.Literal("response"),
    created_at: t.Integer({ description: "Seconds since 1970." }),
    status: oneOf(["completed", "incomplete", "failed", "in_progress", "cancelled", "queued"]),
    model: t.String(),
    output: t.Array(Item, { description: "What the model said, called and thought." }),
    usage: nullable(
      open({
        input_tokens: t.Integer(),
        output_tokens: t.Integer(),
        total_tokens: t.Integer(),
      }),
    ),
  },
  { $id: "ResponseObject", description: "An answer as items." },
)
export type ResponseObject = Static<typeof ResponseObject>

/** Items of a stored conversation, by page. */
export const ResponseItems = open(
  {
    object: t.Literal("list"),
    data: t.Array(Item),
    has_more: t.Boolean(),
    first_id: nullable(t.String()),
    last_id: nullable(t.String()),
  },
  { $id: "ResponseItems", description: "The items that an answer was given to." },
)
export type ResponseItems = Static<typeof ResponseItems>

/** What is left of a stored answer. */
export const DeletedResponse = open(
  { id: t.String(), object: t.Literal("response"), deleted: t.Literal(true) },
  { $id: "DeletedResponse", description: "The answer is kept no more." },
)
export type DeletedResponse = Static<typeof DeletedResponse>

/** A conversation made shorter. */
export const Compaction = open(
  {
    id: t.String(),
    object: t.Literal("response.compaction"),
    created_at: t.Integer(),
    output: t.Array(Item, { description: "What to send instead of the conversation." }),
  },
  { $id: "Compaction", description: "A conversation made shorter." },
)
export type Compaction = Static<typeof Compaction>

/** Tokens of a Responses request. */
export const ResponseTokens = open(
  { object: t.Literal("response.input_tokens"), input_tokens: t.Integer() },
  { $id: "ResponseTokens", description: "How many tokens a request has." },
)
export type ResponseTokens = Static<typeof ResponseTokens>
