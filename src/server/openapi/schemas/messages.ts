import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { between, nullable, oneOf, open } from "../shapes.ts"
import { ModelName } from "./generation.ts"

const Block = open(
  {
    type: t.String({
      description:
        "`text`, `image`, `document`, `tool_use`, `tool_result`, `thinking`, `redacted_thinking` and others.",
    }),
  },
  { $id: "MessageBlock", description: "A piece of a message." },
)

const Message = open(
  {
    role: oneOf(["user", "assistant", "system"]),
    content: t.Union([t.String(), t.Array(Block)]),
  },
  { $id: "MessageTurn", description: "What one side said." },
)

const conversation = {
  model: ModelName,
  messages: t.Array(Message, { minItems: 1 }),
  system: t.Optional(
    t.Union([t.String(), t.Array(Block)], { description: "What the model is told first." }),
  ),
  tools: t.Optional(
    t.Array(open({ name: t.String() }), {
      description: "Functions with `name`, `description` and `input_schema`, or hosted tools.",
    }),
  ),
  tool_choice: t.Optional(open({ type: oneOf(["auto", "any", "tool", "none"]) })),
  thinking: t.Optional(
    open({ type: oneOf(["enabled", "adaptive", "disabled"], "`enabled` needs `budget_tokens`.") }),
  ),
}

/** Body of a Messages request. */
export const MessageRequest = open(
  {
    ...conversation,
    max_tokens: t.Integer({ minimum: 0, description: "Tokens that the answer may have." }),
    stream: t.Optional(t.Boolean({ description: "Events instead of one answer." })),
    temperature: t.Optional(between(0, 1, "How freely words are chosen.")),
    stop_sequences: t.Optional(t.Array(t.String())),
  },
  { $id: "MessageRequest", description: "A conversation to continue, as messages of blocks." },
)
export type MessageRequest = Static<typeof MessageRequest>

/** Body of a question how many tokens a Messages request has. */
export const MessageCountRequest = open(conversation, {
  $id: "MessageCountRequest",
  description: "The request without `max_tokens` and `stream`.",
})
export type MessageCountRequest = Static<typeof MessageCountRequest>

/** A whole answer of the Messages API. */
export const MessageAnswer = open(
  {
    id: t.String(),
    type: t.Literal("message"),
    role: t.Literal("assistant"),
    model: t.String(),
    content: t.Array(Block),
    stop_reason: nullable(
      oneOf([
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
      ]),
    ),
    stop_sequence: nullable(t.String()),
    usage: open(
      { input_tokens: t.Integer(), output_tokens: t.Integer() },
      { description: "`input_tokens` leaves out what was read from or written to the cache." },
    ),
  },
  { $id: "MessageAnswer", description: "An answer as blocks." },
)
export type MessageAnswer = Static<typeof MessageAnswer>

/** Models in Anthropic's spelling. */
export const AnthropicModels = open(
  {
    data: t.Array(open({ type: t.Literal("model"), id: t.String(), display_name: t.String() })),
    has_more: t.Boolean(),
    first_id: nullable(t.String()),
    last_id: nullable(t.String()),
  },
  { $id: "AnthropicModels", description: "The same list for callers with `anthropic-version`." },
)
export type AnthropicModels = Static<typeof AnthropicModels>
