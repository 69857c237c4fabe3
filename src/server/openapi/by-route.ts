import { conversationDocs as conversations } from "./conversations.ts"
import type { Documentation, RouteDoc } from "./document.ts"
import { geminiDocs, geminiModelDocs } from "./gemini.ts"
import { operationDocs } from "./operations.ts"
import { routeDocs } from "./routes.ts"

/** What the OpenAPI page says, by method and path as they are registered: no other route is shown. */
export const documentedRoutes: Readonly<Record<string, RouteDoc>> = {
  "POST /v1/chat/completions": operationDocs.chat,
  "POST /v1/completions": operationDocs.completion,
  "POST /v1/embeddings": operationDocs.embeddings,
  "POST /v1/moderations": operationDocs.moderation,
  "POST /v1/images/generations": operationDocs.images,
  "POST /v1/audio/speech": operationDocs.speech,
  "POST /v1/audio/transcriptions": operationDocs.transcription,
  "POST /v1/audio/translations": operationDocs.translation,
  "POST /v1/rerank": operationDocs.rerank,
  "POST /v1/responses": conversations.responses,
  "POST /v1/responses/input_tokens": conversations.responseTokens,
  "POST /v1/responses/compact": conversations.compact,
  "GET /v1/responses/:id": conversations.response,
  "DELETE /v1/responses/:id": conversations.deleteResponse,
  "GET /v1/responses/:id/input_items": conversations.responseItems,
  "POST /v1/responses/:id/cancel": conversations.cancelResponse,
  "POST /v1/messages": conversations.messages,
  "POST /v1/messages/count_tokens": conversations.messageTokens,
  "GET /v1/models": routeDocs.models,
  "GET /v1beta/models": geminiModelDocs.models,
  "GET /health": routeDocs.health,
  "GET /health/live": routeDocs.live,
  "GET /health/ready": routeDocs.ready,
  "POST /admin/reload": routeDocs.reload,
  "GET /admin/health": routeDocs.channels,
  "GET /admin/explain": routeDocs.explainFacts,
  "POST /admin/explain": routeDocs.explain,
}

/** The page's entry for a route; hidden when it has none, as aliases are. */
export function routeDoc(method: string, path: string): RouteDoc | { hide: true } {
  const doc = documentedRoutes[`${method} ${path}`]
  return doc ? { ...doc } : { hide: true }
}

/** Entries for routes that are registered with a wildcard, because names of models contain slashes. */
export const wildcardPaths: NonNullable<Documentation["paths"]> = {
  "/v1/models/{model}": { get: routeDocs.model },
  "/v1beta/models/{model}": { get: geminiModelDocs.model },
  ...Object.fromEntries(
    Object.entries(geminiDocs).map(([action, doc]) => [
      `/v1beta/models/{model}:${action}`,
      { post: doc },
    ]),
  ),
}
