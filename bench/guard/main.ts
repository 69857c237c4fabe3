// `bun run bench:guard`: what a request allocates, compared with what is recorded; `--record` records it.
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Allocations, countAllocations, WORKS } from "./allocations.ts"
import { ADVICE, compare } from "./compare.ts"

const { values: options } = parseArgs({ options: { record: { type: "boolean", default: false } } })
const path = join(import.meta.dir, "recorded.json")
const measured: Allocations = await countAllocations(WORKS)
console.log(measured)
if (options.record) await Bun.write(path, `${JSON.stringify(measured, null, 2)}\n`)
else {
  const complaints = compare(await Bun.file(path).json(), measured)
  for (const complaint of complaints) console.error(complaint)
  if (complaints.length > 0) {
    console.error(ADVICE)
    process.exitCode = 1
  }
}
