/**
 * What provider keys look like, as a second net under {@link Secret}: OpenAI and most others
 * (`sk-…`), Google (`AIza…`), Groq, xAI, Perplexity, NVIDIA, and bearer headers.
 */
const KEYS =
  /\b(?:sk|gsk|xai|pplx|nvapi|csk|tgp|fw)[-_][A-Za-z0-9_-]{12,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+[A-Za-z0-9._~+/=-]{12,}/g

/** Text without anything that looks like a key. */
export function redact(text: string): string {
  return text.replace(KEYS, "[secret]")
}
