// team.ts <database>: a writer with two members, each of which records without end and prints the ids.
import { open } from "../support.ts"
import { startMember } from "../member.ts"

const [path = ""] = process.argv.slice(2)
const storage = await open(path)
for (const prefix of ["a", "b"]) {
  const member = await startMember(storage, path)
  const own = `${prefix}-${process.pid}`
  void member.ask({ do: "record", prefix: own, count: 1_000_000, prints: true })
}
