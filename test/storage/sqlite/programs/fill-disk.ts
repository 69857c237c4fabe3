// fill-disk.ts <folder> <rows>: works on a small file system until it is full, and after it has room again.
import { rmSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { open, ownId, storedIds, usageRow } from "../support.ts"

const folder = process.argv[2] ?? ""
const filler = join(folder, "filler")
const path = join(folder, "usage.db")
const { ledger, log } = await open(path)
ledger.record(usageRow("before"))
await ledger.flush()

for (let size = 1_000_000; size >= 1; size = Math.floor(size / 2)) {
  try {
    for (;;) writeFileSync(filler, "x".repeat(size), { flag: "a" })
  } catch {
    // Full for pieces of this size.
  }
}
for (let n = 0; n < Number(process.argv[3]); n++) {
  // Such as the router gives, and with words that come again in each part of the journal.
  ledger.record(usageRow(ownId(`full-${n}`), { client: `client ${n % 100}` }))
}
await log.seen(/rows wait in memory only/)
const whileFull = log.lines.map(({ message }) => message)

rmSync(filler)
ledger.record(usageRow("after"))
await ledger.flush()
const ids = storedIds(path)
await ledger.close()
const messages = log.lines.map(({ message }) => message)
writeSync(1, `${JSON.stringify({ ids: ids.length, whileFull, messages })}\n`)
