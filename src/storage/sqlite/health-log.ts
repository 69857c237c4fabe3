import type { Logger } from "../../core/log.ts"
import type { FailureCause } from "./failure.ts"
import type { WorkerResult } from "./messages.ts"

const FIXES: Readonly<Record<FailureCause, string>> = {
  locked: "Another process holds the database. Rows wait in the journal beside it.",
  full: "The disk is full. Free some space; rows wait in the journal, or in memory.",
  corrupt: "The database is damaged. Rows wait in the journal beside it.",
  unwritable: "Make the file and its folder writable. Rows wait in the journal beside it.",
  newer: "A newer llmrouter wrote it. Rows wait in the journal beside it.",
  worker: "The storage thread ended; it is started again. Rows wait in the journal.",
  failed: "Rows wait in the journal beside it.",
}

/** What a person must know of the ledger, said once for each change and not for each row. */
export interface HealthLog {
  note(result: WorkerResult): void
  journalWorks(): void
  /** @param dropped whether the row found no room in memory either */
  journalFails(message: string, dropped: boolean): void
  /** The ledger closes with rows that are not stored. @param inMemory how many of them are lost */
  unfinished(inMemory: number): void
}

/** Logs changes of the ledger's health. */
export function createHealthLog(path: string, logger: Logger): HealthLog {
  let failing: FailureCause | undefined
  let journalFailing = false
  let lost = 0

  return {
    note(result) {
      const { quarantined, recreated, adopted } = result.notices
      if (quarantined !== undefined) {
        logger.warn("The usage database was damaged. It was moved aside and a fresh one started.", {
          path,
          movedTo: quarantined,
          fix: `Recover it with: sqlite3 '${quarantined}' .recover, or delete it.`,
        })
      }
      if (adopted) {
        logger.info("Usage that a stopped process had left in its journal is taken up.", { path })
      }
      if (recreated) logger.warn("The usage database had gone. A fresh one was started.", { path })
      if (!result.ok) {
        if (failing === result.cause) return
        failing = result.cause
        const { cause, message } = result
        logger.warn("Usage cannot be stored now; serving goes on.", {
          path,
          cause,
          error: message,
          fix: FIXES[cause],
        })
        return
      }
      if (result.damaged > 0) {
        logger.warn("Lines of the usage journal were damaged and are skipped.", {
          path,
          lines: result.damaged,
        })
      }
      if (failing === undefined) return
      failing = undefined
      logger.info("Usage is stored again.", { path })
    },
    journalWorks() {
      if (!journalFailing) return
      journalFailing = false
      logger.info("The usage journal works again.", { path, lostRows: lost })
      lost = 0
    },
    journalFails(error, dropped) {
      if (!journalFailing) {
        journalFailing = true
        logger.warn("The usage journal cannot be written; rows wait in memory only.", {
          path,
          error,
          fix: "Free some space on the disk, or make the folder writable.",
        })
      }
      if (dropped && lost++ === 0) {
        logger.error("Usage rows are lost: neither journal nor memory can take them.", { path })
      }
    },
    unfinished(inMemory) {
      logger.warn("Usage that is not stored stays in the journal until the next start.", { path })
      if (inMemory > 0) {
        logger.error("Usage rows in memory are lost.", { path, rows: inMemory })
      }
    },
  }
}
