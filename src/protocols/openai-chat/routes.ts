import type { Operation } from "../../core/operation.ts"
import type { IngressRoute } from "../../core/protocol.ts"

/** Paths below the base URL, the same on both sides. https://platform.openai.com/docs/api-reference */
export const PATHS: { readonly [O in Operation]?: string } = {
  chat: "/chat/completions",
  completion: "/completions",
  embeddings: "/embeddings",
  moderation: "/moderations",
  images: "/images/generations",
  speech: "/audio/speech",
  transcription: "/audio/transcriptions",
  translation: "/audio/translations",
  rerank: "/rerank",
}

const MULTIPART: ReadonlySet<Operation> = new Set(["transcription", "translation"])

export const routes: readonly IngressRoute[] = (Object.keys(PATHS) as Operation[]).map(
  (operation) => ({
    method: "POST",
    path: `/v1${PATHS[operation]}`,
    operation,
    body: MULTIPART.has(operation) ? "multipart" : "json",
  }),
)
