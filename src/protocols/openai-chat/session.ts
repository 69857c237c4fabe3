import type { JsonField } from "../../transport/json-scan.ts"
import type { Members } from "../../transport/json-members.ts"
import { openingOf } from "../../transport/opening.ts"
import { writtenText } from "../../transport/body-text.ts"

/** Where a conversation begins in a body of this family of protocols. */
interface Beginning {
  instructions: readonly (JsonField | undefined)[]
  messages: JsonField | undefined
}

/**
 * The cache key that the caller chose, else how the conversation begins, for each of its users. A user
 * alone is no conversation: many programs send one name for all that they do.
 *
 * @param beginning absent where the body does not say how it began
 */
export function sessionOf(
  body: Uint8Array,
  members: Members,
  beginning: Beginning | undefined,
): string | undefined {
  const text = (name: string) => writtenText(body, members.get(name))
  const key = text("prompt_cache_key") ?? text("session_id")
  if (key !== undefined || !beginning) return key
  const opening = openingOf(body, {
    ...beginning,
    opens: (role) => role === "system" || role === "developer" || role === "user",
  })
  return opening && `${text("safety_identifier") ?? text("user") ?? ""} ${opening}`
}

/** What a Chat request's conversation is known by. */
export function chatSessionOf(body: Uint8Array, members: Members): string | undefined {
  return sessionOf(body, members, { instructions: [], messages: members.get("messages") })
}
