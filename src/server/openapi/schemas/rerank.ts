import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { open } from "../shapes.ts"
import { ModelName } from "./generation.ts"

/** Body of a rerank request. */
export const RerankRequest = open(
  {
    model: ModelName,
    query: t.String({ description: "What is looked for." }),
    documents: t.Array(t.Union([t.String(), open({ text: t.String() })]), {
      description: "What to put in order.",
    }),
    top_n: t.Optional(t.Integer({ minimum: 1, description: "Return only so many." })),
    return_documents: t.Optional(
      t.Boolean({ description: "Whether the documents come back too." }),
    ),
    max_tokens_per_doc: t.Optional(t.Integer({ minimum: 1, description: "Cut longer ones." })),
  },
  { $id: "RerankRequest", description: "Documents to put in order of relevance." },
)
export type RerankRequest = Static<typeof RerankRequest>

/** The documents' positions, best first. */
export const Rerank = open(
  {
    id: t.Optional(t.String()),
    model: t.Optional(t.String()),
    results: t.Array(
      open({
        index: t.Integer({ description: "Position in `documents`." }),
        relevance_score: t.Number(),
        document: t.Optional(t.Union([t.String(), open({})])),
      }),
      { description: "Best first." },
    ),
  },
  { $id: "Rerank", description: "The documents' positions, best first." },
)
export type Rerank = Static<typeof Rerank>
