import type { CanonicalRequest } from "../../core/canonical.ts"
import type { Exchange } from "../../core/exchange.ts"
import type { Resolution } from "../../routing/resolve.ts"
import type { History } from "../history.ts"

/** Whether another upstream may go on with the answer to this request when it breaks off. */
export function isContinuable(
  { group, pinned }: Resolution,
  { operation, protocol }: Exchange,
  history: History,
): boolean {
  if (!group.continuation || pinned || operation !== "chat" || !protocol.ingress.chat) return false
  // Nobody but one upstream knows how this conversation began.
  if (history.lack) return false
  const envelope = history.whole()
  if (!envelope.facts.stream || !envelope.decode) return false
  try {
    return isPlainText(envelope.decode())
  } catch {
    // Whoever sends the request on says what is wrong with it.
    return false
  }
}

/** Half a document or half a call is nothing that two models can write together. */
function isPlainText(request: CanonicalRequest): boolean {
  const { n = 1, output, toolChoice, logprobs, maxTokens, modalities, audio } = request
  return (
    n === 1 &&
    (output === undefined || output.type === "text") &&
    toolChoice?.mode !== "required" &&
    logprobs === undefined &&
    audio === undefined &&
    (modalities ?? []).every((modality) => modality.toLowerCase() === "text") &&
    // Asks for the prompt to be cached, and for no answer.
    maxTokens !== 0
  )
}
