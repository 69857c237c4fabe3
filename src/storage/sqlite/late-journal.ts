import { type Journal, journalId, openJournal } from "./journal.ts"

/** A journal that has no file, and no lock, before there is something to keep. */
export function createLateJournal(database: string): Journal {
  const planned = journalId()
  let journal: Journal | undefined
  function opened(): Journal {
    journal ??= openJournal(database, planned)
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
