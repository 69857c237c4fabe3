import type { Members } from "../../transport/json-members.ts"
import { writtenText } from "../../transport/body-text.ts"
import { sessionOf as familySession } from "../openai-chat/session.ts"

/** As in Chat; what goes on from an earlier answer does not say how it began. */
export function sessionOf(body: Uint8Array, members: Members): string | undefined {
  const goesOn = writtenText(body, members.get("previous_response_id")) !== undefined
  const beginning = { instructions: [members.get("instructions")], messages: members.get("input") }
  return familySession(body, members, goesOn ? undefined : beginning)
}
