import type { JsonField } from "../../transport/json-scan.ts"
import { openingOf } from "../../transport/opening.ts"
import { writtenText } from "../../transport/body-text.ts"

/**
 * The cache key that the caller chose, else how the conversation begins, for each of its users. A user
 * alone is no conversation: many programs send one name for all that they do.
 */
export function sessionOf(
  body: Uint8Array,
  fields: ReadonlyMap<string, JsonField>,
): string | undefined {
  const text = (name: string) => writtenText(body, fields.get(name))
  const key = text("prompt_cache_key") ?? text("session_id")
  if (key !== undefined) return key
  const opening = openingOf(body, {
    instructions: [],
    messages: fields.get("messages"),
    opens: (role) => role === "system" || role === "developer" || role === "user",
  })
  return opening && `${text("safety_identifier") ?? text("user") ?? ""} ${opening}`
}
