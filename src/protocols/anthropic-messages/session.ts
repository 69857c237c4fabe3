import type { JsonField } from "../../transport/json-scan.ts"
import { openingOf } from "../../transport/opening.ts"
import { innerField, writtenText } from "../../transport/body-text.ts"

/**
 * A user id that has a session in it, as Claude Code sends it, else how the conversation begins, for
 * each of the caller's users.
 */
export function sessionOf(
  body: Uint8Array,
  fields: ReadonlyMap<string, JsonField>,
): string | undefined {
  const user = writtenText(body, innerField(body, fields.get("metadata"), "user_id"))
  if (user?.includes("session")) return user
  const opening = openingOf(body, {
    instructions: [fields.get("system")],
    messages: fields.get("messages"),
    opens: (role) => role === "user" || role === "system",
  })
  return opening && `${user ?? ""} ${opening}`
}
