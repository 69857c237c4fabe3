/** What a request asks for, whatever protocol it is written in. */
export const OPERATIONS = [
  "chat",
  "completion",
  "embeddings",
  "moderation",
  "images",
  "speech",
  "transcription",
  "translation",
  "rerank",
  "count-tokens",
] as const

export type Operation = (typeof OPERATIONS)[number]
