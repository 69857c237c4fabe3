import type { TSchema } from "@sinclair/typebox"
import { schemaNode } from "./decode-schema.ts"
import { type Path, printPath } from "./finding.ts"
import { ConfigSchema } from "./schema.ts"
import { bestGuess, didYouMean } from "./suggest.ts"

/** What other programs call the same thing. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  apikey: ["keys", "key"],
  apikeys: ["keys"],
  key: ["keys"],
  token: ["keys"],
  apibase: ["baseUrl"],
  url: ["baseUrl"],
  endpoint: ["baseUrl"],
  base: ["baseUrl"],
  upstream: ["baseUrl"],
  kind: ["type"],
  provider: ["type", "providers"],
  model: ["models"],
  deployments: ["models"],
  targets: ["models"],
  mode: ["strategy"],
  loadbalancing: ["strategy"],
  routing: ["strategy"],
  routingstrategy: ["strategy"],
  contextwindowfallbacks: ["contextFallbacks"],
  longcontextfallbacks: ["contextFallbacks"],
  safetyfallbacks: ["contentPolicyFallbacks"],
  shadow: ["mirror"],
  canary: ["percent"],
  labels: ["tags"],
  maxbudget: ["budget"],
  spendlimit: ["budget"],
  pricing: ["price"],
  cost: ["price"],
  maxinputtokens: ["contextWindow"],
  contextlength: ["contextWindow"],
  functioncalling: ["tools"],
  images: ["vision"],
  pdf: ["documents"],
  maxparallelrequests: ["parallel"],
  concurrency: ["parallel"],
  fallback: ["fallbacks"],
  retry: ["retries"],
  maxretries: ["retries", "attempts"],
  timeout: ["timeouts"],
  masterkey: ["adminKey"],
  routes: ["groups"],
  aliases: ["groups"],
  name: ["model"],
  id: ["model"],
  bodylimit: ["body"],
}

/** Why a key is not known here and what was probably meant. */
export function explainUnknownKey(
  key: string,
  path: Path,
  known: readonly string[],
  present: readonly string[],
): { why?: string; hint: string } {
  const free = known.filter((name) => !present.includes(name))
  const plain = key.toLowerCase().replace(/[^a-z0-9]/g, "")
  const synonym =
    known.find((name) => name.toLowerCase() === plain) ??
    SYNONYMS[plain]?.find((name) => known.includes(name))
  if (synonym) return { hint: `did you mean \`${synonym}\`?` }
  if (bestGuess(key, free) !== undefined) return { hint: didYouMean(key, free, "keys") }
  const elsewhere = (places().get(key) ?? []).filter((place) => place !== printPath([...path, key]))
  if (elsewhere.length > 0) {
    const shown = elsewhere.slice(0, 3).map((place) => `\`${place}\``)
    return {
      why: "a key in the wrong place would have no effect",
      hint: `it belongs at ${shown.join(" or ")}`,
    }
  }
  return {
    why: "a key that nothing reads would have no effect",
    hint:
      known.length > 0
        ? `keys here: ${known.map((name) => `\`${name}\``).join(", ")}`
        : "remove it",
  }
}

let index: Map<string, string[]> | undefined

/** Where in the config each key name is known. */
function places(): Map<string, string[]> {
  if (!index) {
    index = new Map()
    collect(ConfigSchema, "", index)
  }
  return index
}

function collect(schema: TSchema, at: string, into: Map<string, string[]>): void {
  const node = schemaNode(schema)
  for (const branch of node.anyOf ?? []) collect(branch.schema, at, into)
  if (node.record) collect(node.record, `${at}.<name>`, into)
  if (node.items) collect(node.items, `${at}[]`, into)
  for (const [key, property] of Object.entries(node.properties ?? {})) {
    const place = at === "" ? key : `${at}.${key}`
    const known = into.get(key) ?? []
    if (!known.includes(place)) into.set(key, [...known, place])
    collect(property, place, into)
  }
}
