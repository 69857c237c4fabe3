import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { between, oneOf, open } from "../shapes.ts"

const Content = open(
  {
    role: t.Optional(oneOf(["user", "model"])),
    parts: t.Array(
      open(
        {},
        {
          description:
            "One of `text`, `inlineData`, `fileData`, `functionCall`, `functionResponse`.",
        },
      ),
    ),
  },
  { $id: "GeminiContent", description: "What one side said." },
)

/** Body of a generateContent request. */
export const GenerateRequest = open(
  {
    contents: t.Array(Content, { minItems: 1 }),
    systemInstruction: t.Optional(Content),
    tools: t.Optional(
      t.Array(open({}), { description: "`functionDeclarations`, or what the upstream hosts." }),
    ),
    generationConfig: t.Optional(
      open({
        maxOutputTokens: t.Optional(t.Integer({ minimum: 1 })),
        temperature: t.Optional(between(0, 2, "How freely words are chosen.")),
        responseMimeType: t.Optional(t.String({ description: "`application/json` for JSON." })),
        responseJsonSchema: t.Optional(
          open({}, { description: "What the JSON has to look like." }),
        ),
        thinkingConfig: t.Optional(
          open({}, { description: "How much to think, and who sees it." }),
        ),
      }),
    ),
  },
  { $id: "GenerateRequest", description: "A conversation to continue. The model is in the path." },
)
export type GenerateRequest = Static<typeof GenerateRequest>

const Usage = open({
  promptTokenCount: t.Optional(t.Integer()),
  candidatesTokenCount: t.Optional(t.Integer({ description: "Without thoughts." })),
  totalTokenCount: t.Optional(t.Integer()),
})

/** A whole answer of generateContent, or one chunk of its stream. */
export const GenerateAnswer = open(
  {
    candidates: t.Optional(
      t.Array(
        open({
          content: t.Optional(Content),
          finishReason: t.Optional(
            t.String({ description: "`STOP` also where tools are called." }),
          ),
          index: t.Optional(t.Integer()),
        }),
      ),
    ),
    usageMetadata: t.Optional(Usage),
    modelVersion: t.Optional(t.String()),
    responseId: t.Optional(t.String()),
  },
  { $id: "GenerateAnswer", description: "An answer, or a piece of it in a stream." },
)
export type GenerateAnswer = Static<typeof GenerateAnswer>

/** Body of a countTokens request. */
export const CountRequest = open(
  {
    contents: t.Optional(t.Array(Content)),
    generateContentRequest: t.Optional(open({}, { description: "A whole request, instead." })),
  },
  { $id: "CountRequest", description: "Contents to count." },
)
export type CountRequest = Static<typeof CountRequest>

/** Tokens of a request. */
export const CountAnswer = open(
  { totalTokens: t.Integer() },
  { $id: "CountAnswer", description: "How many tokens the contents have." },
)
export type CountAnswer = Static<typeof CountAnswer>

/** Body of an embedContent request. */
export const EmbedRequest = open(
  {
    content: Content,
    taskType: t.Optional(t.String({ description: "What the vector is for." })),
    outputDimensionality: t.Optional(t.Integer({ minimum: 1 })),
  },
  { $id: "EmbedRequest", description: "A text to turn into a vector." },
)
export type EmbedRequest = Static<typeof EmbedRequest>

const Vector = open({ values: t.Array(t.Number()) })

/** One vector. */
export const EmbedAnswer = open(
  { embedding: Vector },
  { $id: "EmbedAnswer", description: "The vector." },
)
export type EmbedAnswer = Static<typeof EmbedAnswer>

/** Body of a batchEmbedContents request. */
export const BatchEmbedRequest = open(
  { requests: t.Array(EmbedRequest, { minItems: 1 }) },
  { $id: "BatchEmbedRequest", description: "Texts to turn into vectors." },
)
export type BatchEmbedRequest = Static<typeof BatchEmbedRequest>

/** One vector for each request. */
export const BatchEmbedAnswer = open(
  { embeddings: t.Array(Vector) },
  { $id: "BatchEmbedAnswer", description: "One vector for each text." },
)
export type BatchEmbedAnswer = Static<typeof BatchEmbedAnswer>

const GeminiModel = open(
  { name: t.String({ description: "`models/` and the name." }), displayName: t.String() },
  { $id: "GeminiModel", description: "A name that you can use in the path." },
)

/** Models in Gemini's spelling. */
export const GeminiModels = open(
  { models: t.Array(GeminiModel), nextPageToken: t.Optional(t.String()) },
  { $id: "GeminiModels", description: "Every name that your key may use." },
)
export type GeminiModels = Static<typeof GeminiModels>

/** One model in Gemini's spelling. */
export { GeminiModel }
export type GeminiModel = Static<typeof GeminiModel>
