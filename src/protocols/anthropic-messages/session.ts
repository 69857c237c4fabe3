import type { Members } from "../../transport/json-members.ts"
import { openingOf } from "../../transport/opening.ts"
import { innerField, writtenText } from "../../transport/body-text.ts"

/**
 * A user id that has a session in it, as Claude Code sends it, else how the conversation begins, for
 * each of the caller's users.
 */
export function sessionOf(body: Uint8Array, members: Members): string | undefined {
  const user = writtenText(body, innerField(body, members.get("metadata"), "user_id"))
  if (user?.includes("session")) return user
  const opening = openingOf(body, {
    instructions: [members.get("system")],
    messages: members.get("messages"),
    opens: (role) => role === "user" || role === "system",
  })
  return opening && `${user ?? ""} ${opening}`
}
