import type { JsonField } from "../../transport/json-scan.ts"
import { openingOf } from "../../transport/opening.ts"

/** How the conversation begins: nothing in a request names it. */
export function sessionOf(
  body: Uint8Array,
  field: (name: string) => JsonField | undefined,
): string | undefined {
  return openingOf(body, {
    instructions: [field("cachedContent"), field("systemInstruction")],
    messages: field("contents"),
    opens: (role) => role === undefined || role === "user",
  })
}
