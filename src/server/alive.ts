import type { Reply } from "../core/exchange.ts"
import { jsonReply } from "./reply.ts"

/** What `/health/live` says as long as anything is said. */
export const aliveReply = (): Reply => jsonReply({ status: "ok" })
