import type { Operation } from "../core/operation.ts"
import type { HeaderRecord, ProviderAccount, ProviderDefinition } from "../core/provider.ts"
import type { ProviderSettings } from "../core/settings.ts"

/** Declares a provider type. */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  return definition
}

/** Every operation of the OpenAI family, spoken as OpenAI defined it. */
export const OPENAI_OPERATIONS: { readonly [O in Operation]?: readonly string[] } = {
  chat: ["openai-chat"],
  completion: ["openai-chat"],
  embeddings: ["openai-chat"],
  moderation: ["openai-chat"],
  images: ["openai-chat"],
  speech: ["openai-chat"],
  transcription: ["openai-chat"],
  translation: ["openai-chat"],
  rerank: ["openai-chat"],
}

/** An account whose URLs are the base URL and a path, with the key as a bearer token. */
export function bearerAccount(settings: ProviderSettings, baseUrl: string): ProviderAccount {
  return {
    url: ({ path }) => baseUrl + path,
    authorize: (key): HeaderRecord => (key ? { authorization: `Bearer ${key.reveal()}` } : {}),
    probeUrl: `${settings.baseUrl ?? baseUrl}/models`,
  }
}
