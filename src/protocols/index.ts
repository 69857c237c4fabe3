import type { Protocol } from "../core/protocol.ts"
import { openaiChat } from "./openai-chat/index.ts"

/** Every protocol by its id. */
export const protocols: ReadonlyMap<string, Protocol> = new Map(
  [openaiChat].map((protocol) => [protocol.id, protocol]),
)
