import { Secret } from "../core/secret.ts"
import type { Settings } from "../core/settings.ts"

/** Text without secrets. */
export type Redact = (text: string) => string

/**
 * What provider keys look like, as a second net under {@link Secret}: OpenAI and most others
 * (`sk-…`), Google (`AIza…`), Groq, xAI, Perplexity, NVIDIA, and bearer headers.
 */
const KEYS =
  /\b(?:sk|gsk|xai|pplx|nvapi|csk|tgp|fw)[-_][A-Za-z0-9_-]{12,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+[A-Za-z0-9._~+/=-]{12,}/g

/** One of these is in everything that `KEYS` finds: to look for them costs a tenth, and most texts have none. */
const SIGNS = "sk- sk_ xai- xai_ pplx- pplx_ nvapi tgp- tgp_ fw- fw_ AIza Bearer".split(" ")

const PRINTED = "[secret]"

/** Characters below which a key is a word that local servers ask for, such as `lm-studio`. */
const SHORTEST = 12

/** Text without anything that looks like a key. */
export function redact(text: string): string {
  return SIGNS.some((sign) => text.includes(sign)) ? text.replace(KEYS, PRINTED) : text
}

/**
 * Also takes out the secrets of the config, whatever they look like.
 *
 * @param settings read at each call; the secrets of the config before the last one count too, since
 * requests that began with it may still be under way
 */
export function createRedactor(settings: () => Settings): Redact {
  let seen: Settings | undefined
  let before: readonly string[] = []
  let now: readonly string[] = []
  return (text) => {
    const current = settings()
    if (current !== seen) {
      seen = current
      before = now
      now = secretsOf(current)
    }
    let clean = text
    for (const secret of now) clean = clean.replaceAll(secret, PRINTED)
    for (const secret of before) clean = clean.replaceAll(secret, PRINTED)
    return redact(clean)
  }
}

/** As they are, and as JSON writes them where that is not the same. Longest first: one may begin another. */
function secretsOf({ auth, providers }: Settings): string[] {
  const secrets = [
    ...auth.keys.map(({ key }) => key),
    ...(auth.adminKey ? [auth.adminKey] : []),
    ...providers.flatMap(({ keys }) => keys),
    ...providers.flatMap(({ headers }) =>
      Object.values(headers).filter((value) => value instanceof Secret),
    ),
  ]
  const texts = new Set<string>()
  for (const secret of secrets) {
    const value = secret.reveal()
    if (value.length < SHORTEST) continue
    texts.add(value).add(JSON.stringify(value).slice(1, -1))
  }
  return [...texts].sort((a, b) => b.length - a.length)
}
