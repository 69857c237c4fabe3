import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { nullable, oneOf, open } from "../shapes.ts"
import { ToolCall } from "./chat-message.ts"
import { TokenUsage } from "./generation.ts"

const FinishReason = oneOf(
  ["stop", "length", "tool_calls", "content_filter", "function_call"],
  "Why the model stopped; `length` is a limit, `tool_calls` is your turn.",
)

const TokenProbability = open({
  token: t.String(),
  logprob: t.Number(),
  bytes: t.Optional(nullable(t.Array(t.Integer()))),
  top_logprobs: t.Optional(t.Array(open({ token: t.String(), logprob: t.Number() }))),
})

const Probabilities = nullable(
  open({
    content: t.Optional(nullable(t.Array(TokenProbability))),
    refusal: t.Optional(nullable(t.Array(TokenProbability))),
  }),
  "Log probabilities, where `logprobs` asked for them.",
)

const common = {
  id: t.String(),
  created: t.Integer({ description: "Seconds since 1970." }),
  model: t.String({ description: "The upstream's own name of the model that answered." }),
  service_tier: t.Optional(nullable(t.String())),
  system_fingerprint: t.Optional(nullable(t.String())),
}

const AnswerMessage = open({
  role: t.Literal("assistant"),
  content: nullable(t.String(), "The answer; null beside tool calls."),
  refusal: t.Optional(nullable(t.String())),
  reasoning_content: t.Optional(
    t.String({ description: "Thoughts, from upstreams that show them." }),
  ),
  tool_calls: t.Optional(t.Array(ToolCall)),
  annotations: t.Optional(t.Array(open({}), { description: "Sources that are cited." })),
  audio: t.Optional(
    nullable(
      open({
        id: t.String(),
        data: t.String({ description: "Base64." }),
        transcript: t.String(),
        expires_at: t.Integer(),
      }),
    ),
  ),
})

/** A whole chat answer. */
export const ChatCompletion = open(
  {
    ...common,
    object: t.Literal("chat.completion"),
    choices: t.Array(
      open({
        index: t.Integer(),
        message: AnswerMessage,
        logprobs: t.Optional(Probabilities),
        finish_reason: FinishReason,
      }),
    ),
    usage: t.Optional(TokenUsage),
  },
  { $id: "ChatCompletion", description: "A whole answer." },
)
export type ChatCompletion = Static<typeof ChatCompletion>

const ToolCallDelta = open({
  index: t.Integer({ description: "Which call this continues." }),
  id: t.Optional(t.String({ description: "With the first piece of a call." })),
  type: t.Optional(t.Literal("function")),
  function: t.Optional(
    open({
      name: t.Optional(t.String()),
      arguments: t.Optional(t.String({ description: "A piece: join them all, then parse." })),
    }),
  ),
})

/** One event of a streamed chat answer. */
export const ChatCompletionChunk = open(
  {
    ...common,
    object: t.Literal("chat.completion.chunk"),
    choices: t.Array(
      open({
        index: t.Integer(),
        delta: open({
          role: t.Optional(t.Literal("assistant")),
          content: t.Optional(nullable(t.String(), "A piece of the answer.")),
          refusal: t.Optional(nullable(t.String())),
          tool_calls: t.Optional(t.Array(ToolCallDelta)),
        }),
        logprobs: t.Optional(Probabilities),
        finish_reason: t.Optional(nullable(FinishReason, "Null until the last piece.")),
      }),
      { description: "Empty in the chunk that carries the usage." },
    ),
    usage: t.Optional(nullable(TokenUsage)),
  },
  {
    $id: "ChatCompletionChunk",
    description: "One `data:` line of a streamed answer. The last line is `data: [DONE]`.",
  },
)
export type ChatCompletionChunk = Static<typeof ChatCompletionChunk>
