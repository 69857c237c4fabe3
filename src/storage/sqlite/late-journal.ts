import type { Journal } from "./journal.ts"
import { journalId } from "./journal-files.ts"

/** A journal that has no file, and no lock, before there is something to keep. */
export function createLateJournal(database: string): Journal {
  const planned = journalId()
  let journal: Journal | undefined
  function open(): Journal {
    const { openJournal } = require("./journal.ts") as typeof import("./journal.ts")
    return openJournal(database, planned)
  }
  function opened(): Journal {
    journal ??= open()
    return journal
  }
  return {
    get id() {
      return journal?.id ?? planned
    },
    append: (line) => opened().append(line),
    appendRow: (row, route) => opened().appendRow(row, route),
    trim: () => journal?.trim(),
    salvage: () => journal?.salvage() ?? [],
    close: () => journal?.close(),
  }
}
