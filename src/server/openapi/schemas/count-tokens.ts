import * as t from "../../../core/typebox.ts"
import { open } from "../shapes.ts"

/** How many tokens a request has. */
export const TokenCount = open(
  { input_tokens: t.Integer({ description: "Tokens of the request." }) },
  { $id: "TokenCount", description: "How many tokens a request has." },
)
