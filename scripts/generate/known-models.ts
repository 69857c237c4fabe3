import { findProvider, type MatchLogic } from "@pydantic/genai-prices"
import type { ProviderDefinition } from "../../src/core/provider.ts"

/** Model names of a provider type that an editor completes: its own, its starters, its vendor's. */
export function knownModels({ models, starters, vendor }: ProviderDefinition): string[] {
  const priced = vendor ? (findProvider({ providerId: vendor })?.models ?? []) : []
  const callable = priced
    .filter((model) => !model.deprecated)
    .map((model) => callableName(model.id, model.match))
    .filter((name) => name !== undefined)
  return [...new Set([...(models ?? []), ...(starters ?? []), ...callable])].sort()
}

/** The price table names families: the id where it is a name that matches, else one that is spelled out. */
function callableName(id: string, match: MatchLogic): string | undefined {
  const exact = exactNames(match)
  const name = matches(match, id) ? id : exact[0]
  return name && /^(?!ft:).*\w$/.test(name) ? name : undefined
}

function exactNames(match: MatchLogic): string[] {
  if ("equals" in match) return [match.equals]
  return "or" in match ? match.or.flatMap(exactNames) : []
}

function matches(match: MatchLogic, id: string): boolean {
  if ("equals" in match) return match.equals === id
  if ("starts_with" in match) return id.startsWith(match.starts_with)
  if ("ends_with" in match) return id.endsWith(match.ends_with)
  if ("contains" in match) return id.includes(match.contains)
  if ("regex" in match) return new RegExp(match.regex).test(id)
  if ("or" in match) return match.or.some((one) => matches(one, id))
  return match.and.every((one) => matches(one, id))
}
