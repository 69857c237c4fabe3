import type { Ledger } from "../../core/ledger.ts"
import type { Logger } from "../../core/log.ts"
import type { WriteBehind } from "./write-behind.ts"

/** Usage rows, written behind. */
export function createLedger(queue: WriteBehind, logger: Logger): Ledger {
  return {
    record(row, route) {
      if (queue.closed) {
        logger.error("Usage was recorded after the ledger had closed; it is lost.", { id: row.id })
        return
      }
      queue.record(row, route)
    },
    flush: queue.flush,
    close: queue.close,
  }
}
