import * as t from "../../../core/typebox.ts"
import { nullable, oneOf, open } from "../shapes.ts"

const TextPart = open(
  { type: t.Literal("text"), text: t.String() },
  { $id: "TextPart", description: "Text." },
)

const ImagePart = open(
  {
    type: t.Literal("image_url"),
    image_url: open({
      url: t.String({ description: "An `https:` URL, or the picture as a `data:` URL." }),
      detail: t.Optional(
        oneOf(["auto", "low", "high", "original"], "How closely the model looks at it."),
      ),
    }),
  },
  { $id: "ImagePart", description: "A picture, for models with vision." },
)

const AudioPart = open(
  {
    type: t.Literal("input_audio"),
    input_audio: open({
      data: t.String({ description: "The recording in base64." }),
      format: oneOf(["wav", "mp3"]),
    }),
  },
  { $id: "AudioPart", description: "A recording, for models that listen." },
)

const FilePart = open(
  {
    type: t.Literal("file"),
    file: open({
      file_data: t.Optional(t.String({ description: "The file as a `data:` URL." })),
      file_id: t.Optional(t.String({ description: "Id of a file at the upstream." })),
      filename: t.Optional(t.String()),
    }),
  },
  { $id: "FilePart", description: "A document, such as a PDF." },
)

const RefusalPart = open(
  { type: t.Literal("refusal"), refusal: t.String() },
  { $id: "RefusalPart", description: "What the model said when it declined." },
)

const Text = t.Union([t.String(), t.Array(TextPart)])
const Name = t.String({ description: "Tells participants of the same role apart." })

/** A call of a tool, as the model wrote it. */
export const ToolCall = t.Union(
  [
    open({
      id: t.String({ description: "Repeated in the tool's answer." }),
      type: t.Literal("function"),
      function: open({
        name: t.String(),
        arguments: t.String({
          description: "JSON as text, written by the model: check before use.",
        }),
      }),
    }),
    open({
      id: t.String(),
      type: t.Literal("custom"),
      custom: open({ name: t.String(), input: t.String({ description: "Free text." }) }),
    }),
  ],
  { $id: "ToolCall", description: "A call of a tool, as the model wrote it." },
)

const InstructionMessage = open(
  {
    role: oneOf(["developer", "system"], "`developer` is the newer word for `system`."),
    content: Text,
    name: t.Optional(Name),
  },
  { $id: "InstructionMessage", description: "What the model is told before the user speaks." },
)

const UserMessage = open(
  {
    role: t.Literal("user"),
    content: t.Union([
      t.String(),
      t.Array(t.Union([TextPart, ImagePart, AudioPart, FilePart]), {
        description: "Text, pictures, recordings and files, mixed.",
      }),
    ]),
    name: t.Optional(Name),
  },
  { $id: "UserMessage", description: "What the user says." },
)

const AssistantMessage = open(
  {
    role: t.Literal("assistant"),
    content: t.Optional(
      nullable(
        t.Union([t.String(), t.Array(t.Union([TextPart, RefusalPart]))]),
        "May be absent or null beside `tool_calls`.",
      ),
    ),
    refusal: t.Optional(nullable(t.String())),
    name: t.Optional(Name),
    tool_calls: t.Optional(t.Array(ToolCall)),
    audio: t.Optional(nullable(open({ id: t.String() }), "An earlier spoken answer, by its id.")),
    reasoning_content: t.Optional(
      t.String({ description: "Thoughts of an earlier turn; some upstreams want them back." }),
    ),
  },
  { $id: "AssistantMessage", description: "What the model said in an earlier turn." },
)

const ToolMessage = open(
  {
    role: t.Literal("tool"),
    tool_call_id: t.String({ description: "The `id` of the call that this answers." }),
    content: Text,
  },
  { $id: "ToolMessage", description: "What a tool returned." },
)

/** One message of a conversation, as a caller writes it. */
export const ChatMessage = t.Union(
  [InstructionMessage, UserMessage, AssistantMessage, ToolMessage],
  { $id: "ChatMessage", description: "One message of the conversation." },
)
