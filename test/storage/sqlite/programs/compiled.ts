// What a compiled executable does: a ledger whose worker comes out of the executable itself.
import { writeSync } from "node:fs"
import { open, storedIds, usageRow } from "../support.ts"

const path = process.argv[2] ?? ""
const { ledger } = await open(path)
for (let n = 0; n < 3; n++) ledger.record(usageRow(`row-${n}`))
await ledger.close()
writeSync(1, `${Bun.isStandaloneExecutable} ${storedIds(path).join(" ")}\n`)
