import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { oneOf, open } from "../shapes.ts"
import { ModelName } from "./generation.ts"

/** Body of an embeddings request. */
export const EmbeddingsRequest = open(
  {
    model: ModelName,
    input: t.Union(
      [t.String(), t.Array(t.String()), t.Array(t.Integer()), t.Array(t.Array(t.Integer()))],
      { description: "A text, several texts, or their tokens." },
    ),
    dimensions: t.Optional(t.Integer({ minimum: 1, description: "Length of each vector." })),
    encoding_format: t.Optional(
      oneOf(["float", "base64"], "`base64` is little-endian 32-bit floats, and smaller."),
    ),
    user: t.Optional(t.String({ description: "An anonymous id of your user." })),
  },
  { $id: "EmbeddingsRequest", description: "Texts to turn into vectors." },
)
export type EmbeddingsRequest = Static<typeof EmbeddingsRequest>

/** One vector for each input. */
export const Embeddings = open(
  {
    object: t.Literal("list"),
    model: t.String(),
    data: t.Array(
      open({
        object: t.Literal("embedding"),
        index: t.Integer({ description: "Position of its input." }),
        embedding: t.Union([t.Array(t.Number()), t.String({ description: "Base64." })]),
      }),
    ),
    usage: t.Optional(open({ prompt_tokens: t.Integer(), total_tokens: t.Integer() })),
  },
  { $id: "Embeddings", description: "One vector for each input." },
)
export type Embeddings = Static<typeof Embeddings>
