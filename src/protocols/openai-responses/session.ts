import type { JsonField } from "../../transport/json-scan.ts"
import { openingOf } from "../../transport/opening.ts"
import { writtenText } from "../../transport/body-text.ts"

/**
 * The cache key that the caller chose, else how the conversation begins, for each of its users. What
 * goes on from an earlier answer does not say how it began.
 */
export function sessionOf(
  body: Uint8Array,
  fields: ReadonlyMap<string, JsonField>,
): string | undefined {
  const text = (name: string) => writtenText(body, fields.get(name))
  const key = text("prompt_cache_key") ?? text("session_id")
  if (key !== undefined || text("previous_response_id") !== undefined) return key
  const opening = openingOf(body, {
    instructions: [fields.get("instructions")],
    messages: fields.get("input"),
    opens: (role) => role === "system" || role === "developer" || role === "user",
  })
  return opening && `${text("safety_identifier") ?? text("user") ?? ""} ${opening}`
}
