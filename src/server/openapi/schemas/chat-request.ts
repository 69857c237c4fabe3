import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { between, nullable, oneOf, open } from "../shapes.ts"
import { ChatMessage } from "./chat-message.ts"
import { ModelName, Stop, StreamOptions } from "./generation.ts"

const JsonSchema = open(
  {},
  { $id: "JsonSchema", description: "A JSON Schema document.", examples: [{ type: "object" }] },
)

const FunctionTool = open(
  {
    type: t.Literal("function"),
    function: open({
      name: t.String({ description: "Letters, digits, `_` and `-`.", maxLength: 64 }),
      description: t.Optional(t.String({ description: "When and how to call it." })),
      parameters: t.Optional(JsonSchema),
      strict: t.Optional(
        nullable(t.Boolean(), "Whether the arguments must follow `parameters` to the letter."),
      ),
    }),
  },
  { $id: "FunctionTool", description: "A function of yours that the model may ask to be called." },
)

const CustomTool = open(
  {
    type: t.Literal("custom"),
    custom: open({
      name: t.String(),
      description: t.Optional(t.String()),
      format: t.Optional(open({ type: oneOf(["text", "grammar"]) })),
    }),
  },
  { $id: "CustomTool", description: "A tool that takes free text, or text of a grammar." },
)

const ToolChoice = t.Union(
  [
    oneOf(["none", "auto", "required"]),
    open({ type: t.Literal("function"), function: open({ name: t.String() }) }),
    open({ type: t.Literal("custom"), custom: open({ name: t.String() }) }),
    open({
      type: t.Literal("allowed_tools"),
      allowed_tools: open({ mode: oneOf(["auto", "required"]), tools: t.Array(open({})) }),
    }),
  ],
  {
    $id: "ToolChoice",
    description: "Whether the model may, must or must not call tools, or which one it has to call.",
  },
)

const ResponseFormat = t.Union(
  [
    open({ type: t.Literal("text") }),
    open({ type: t.Literal("json_object") }),
    open({
      type: t.Literal("json_schema"),
      json_schema: open({
        name: t.String({ maxLength: 64 }),
        description: t.Optional(t.String()),
        schema: t.Optional(JsonSchema),
        strict: t.Optional(nullable(t.Boolean())),
      }),
    }),
  ],
  {
    $id: "ResponseFormat",
    description: "`json_schema` makes the answer follow a schema; `json_object` makes it any JSON.",
  },
)

const tools = {
  tools: t.Optional(t.Array(t.Union([FunctionTool, CustomTool]))),
  tool_choice: t.Optional(ToolChoice),
  parallel_tool_calls: t.Optional(
    t.Boolean({ description: "Whether one answer may hold several calls.", default: true }),
  ),
  response_format: t.Optional(ResponseFormat),
}

const sampling = {
  temperature: t.Optional(nullable(between(0, 2, "Randomness; 0 is the least."))),
  top_p: t.Optional(nullable(between(0, 1, "Only the likeliest tokens up to this mass."))),
  frequency_penalty: t.Optional(nullable(between(-2, 2, "Above 0 discourages repetition."))),
  presence_penalty: t.Optional(nullable(between(-2, 2, "Above 0 encourages new topics."))),
  logit_bias: t.Optional(
    nullable(t.Record(t.String(), t.Number()), "Bias from -100 to 100 by token id."),
  ),
  logprobs: t.Optional(nullable(t.Boolean(), "Whether to return log probabilities.")),
  top_logprobs: t.Optional(
    nullable(t.Integer({ minimum: 0, maximum: 20, description: "How many a position." })),
  ),
  seed: t.Optional(nullable(t.Integer(), "Asks for the same answer to the same request.")),
  n: t.Optional(nullable(t.Integer({ minimum: 1, maximum: 128 }), "How many answers.")),
  stop: t.Optional(Stop),
}

const length = {
  max_completion_tokens: t.Optional(
    nullable(t.Integer({ minimum: 1 }), "Tokens that the answer may have, thoughts included."),
  ),
  max_tokens: t.Optional(
    nullable(t.Integer({ minimum: 1 }), "The older name of `max_completion_tokens`."),
  ),
  reasoning_effort: t.Optional(
    nullable(
      oneOf(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
      "How much a reasoning model thinks.",
    ),
  ),
  verbosity: t.Optional(nullable(oneOf(["low", "medium", "high"]), "How long-winded it is.")),
  prediction: t.Optional(
    nullable(
      open({ type: t.Literal("content"), content: t.Union([t.String(), t.Array(open({}))]) }),
      "Text that the answer will mostly repeat, for speed.",
    ),
  ),
}

const output = {
  stream: t.Optional(
    nullable(t.Boolean(), "Whether the answer comes as events, as it is written."),
  ),
  stream_options: t.Optional(nullable(StreamOptions)),
  modalities: t.Optional(nullable(t.Array(oneOf(["text", "audio"])), "What to answer with.")),
  audio: t.Optional(
    nullable(
      open({
        format: oneOf(["wav", "aac", "mp3", "flac", "opus", "pcm16"]),
        voice: t.Union([t.String(), open({ id: t.String() })]),
      }),
      "The voice, where `modalities` has `audio`.",
    ),
  ),
  web_search_options: t.Optional(
    open(
      {
        search_context_size: t.Optional(oneOf(["low", "medium", "high"])),
        user_location: t.Optional(nullable(open({}))),
      },
      { description: "For models that search the web." },
    ),
  ),
}

const account = {
  metadata: t.Optional(nullable(t.Record(t.String(), t.String()), "Up to 16 notes of yours.")),
  store: t.Optional(nullable(t.Boolean(), "Whether the upstream keeps the answer.")),
  service_tier: t.Optional(
    nullable(oneOf(["auto", "default", "flex", "scale", "priority", "fast"])),
  ),
  safety_identifier: t.Optional(
    t.String({ maxLength: 128, description: "A stable, anonymous id of your user." }),
  ),
  prompt_cache_key: t.Optional(
    t.String({ description: "Requests with the same key share the upstream's prompt cache." }),
  ),
  prompt_cache_options: t.Optional(
    nullable(
      open({
        mode: t.Optional(oneOf(["implicit", "explicit"])),
        ttl: t.Optional(oneOf(["30m", "12h"])),
      }),
    ),
  ),
  prompt_cache_retention: t.Optional(nullable(oneOf(["in_memory", "24h"]), "Deprecated.")),
  moderation: t.Optional(nullable(open({}), "Checks that the upstream makes of both sides.")),
  user: t.Optional(t.String({ description: "The older name of `safety_identifier`." })),
}

const older = {
  functions: t.Optional(t.Array(open({ name: t.String() }), { description: "Before `tools`." })),
  function_call: t.Optional(
    t.Union([oneOf(["none", "auto"]), open({ name: t.String() })], {
      description: "Before `tool_choice`.",
    }),
  ),
}

/** Body of a chat completion request. */
export const ChatRequest = open(
  {
    model: ModelName,
    messages: t.Array(ChatMessage, { description: "The conversation so far.", minItems: 1 }),
    ...output,
    ...tools,
    ...length,
    ...sampling,
    ...account,
    ...older,
  },
  {
    $id: "ChatRequest",
    description: "A conversation to continue. Fields that are not named here are passed on.",
  },
)
export type ChatRequest = Static<typeof ChatRequest>
