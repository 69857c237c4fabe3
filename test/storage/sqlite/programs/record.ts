// record.ts <database> <prefix> <rows>: records rows and prints each id after `record` returned.
import { writeSync } from "node:fs"
import { systemClock } from "../../../../src/core/clock.ts"
import { openStorage } from "../../../../src/storage/sqlite/open-storage.ts"
import { ownId, recordingLogger, usageRow } from "../support.ts"

const [path = "", prefix = "", rows = "0"] = process.argv.slice(2)
const { logger } = recordingLogger()
const { ledger } = await openStorage({ path, logger, clock: systemClock })
for (let n = 0; n < Number(rows); n++) {
  const name = `${prefix}-${String(n).padStart(6, "0")}`
  // Most are such as the router gives.
  const id = n % 10 === 3 ? name : ownId(name)
  ledger.record(usageRow(id))
  writeSync(1, `${id}\n`)
  // Turns of the loop, so that the worker stores while rows come in.
  if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
}
writeSync(1, "done\n")
for await (const _ of process.stdin) {
  // Lives until it is killed or its input ends.
}
await ledger.close()
writeSync(1, "closed\n")
