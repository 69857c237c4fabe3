import type { Exchange } from "../core/exchange.ts"
import type { RequestEnvelope } from "../core/protocol.ts"

/**
 * Headers that name a session, the router's own first. Agents send them: Claude Code, opencode, Codex
 * (the last three, older ones with underscores); the others are what callers of other gateways send.
 */
const HEADERS = [
  "x-llmrouter-session",
  "x-claude-code-session-id",
  "x-session-affinity",
  "x-session-id",
  "x-conversation-id",
  "x-litellm-session-id",
  "x-bf-session-id",
  "helicone-session-id",
  "session-id",
  "session_id",
  "conversation_id",
]
/** Characters of the hash: enough that two sessions never share one by chance. */
const LENGTH = 22

/**
 * What a request's conversation is known by, hashed together with the caller's key, so that no
 * two callers share one: by a header, else by what its body says, else by how it begins. Undefined
 * when nothing of it lasts.
 */
export function sessionOf(
  { headers }: Pick<Exchange, "headers">,
  envelope: Pick<RequestEnvelope, "facts" | "session">,
  caller: string | null,
): string | undefined {
  for (const name of HEADERS) {
    const value = headers.get(name)?.trim()
    if (value) return hashed(caller, value)
  }
  const own = envelope.session?.()
  return own && hashed(caller, envelope.facts.model, own)
}

function hashed(...parts: readonly (string | null)[]): string {
  const hasher = new Bun.CryptoHasher("sha256")
  hasher.update(JSON.stringify(parts))
  return hasher.digest("base64url").slice(0, LENGTH)
}
