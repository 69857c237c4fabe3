import type { JsonField } from "../../transport/json-scan.ts"
import { writtenText } from "../../transport/body-text.ts"
import { sessionOf as familySession } from "../openai-chat/session.ts"

/** As in Chat; what goes on from an earlier answer does not say how it began. */
export function sessionOf(
  body: Uint8Array,
  fields: ReadonlyMap<string, JsonField>,
): string | undefined {
  const goesOn = writtenText(body, fields.get("previous_response_id")) !== undefined
  const beginning = { instructions: [fields.get("instructions")], messages: fields.get("input") }
  return familySession(body, fields, goesOn ? undefined : beginning)
}
