import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { createPlainLines, LONGEST_PLAIN } from "../../../src/storage/sqlite/plain-lines.ts"
import { SEGMENT_BYTES } from "../../../src/storage/sqlite/segment.ts"
import { MAX_UNJOURNALED } from "../../../src/storage/sqlite/write-behind.ts"
import { ownId, temporaryDatabase, usageRow } from "./support.ts"

/** Rows that the journal takes all the same at most: the room of a segment is there before they are. */
const ROOM = Math.ceil(SEGMENT_BYTES / lengthOfRow())

/** Bytes of a row whose words are there. */
function lengthOfRow(): number {
  const lines = createPlainLines()
  const bytes = Buffer.alloc(LONGEST_PLAIN)
  lines.put(usageRow(ownId("full-0")), undefined, bytes)
  return lines.put(usageRow(ownId("full-1")), undefined, bytes)
}

/** A private file system of 24 megabytes, which vanishes with the process that mounted it. */
const inSmallFileSystem = (folder: string, ...command: string[]) => [
  ...["unshare", "--map-root-user", "--mount", "sh", "-c"],
  'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@"',
  folder,
  ...command,
]

function canMount(): boolean {
  using database = temporaryDatabase()
  try {
    return Bun.spawnSync(inSmallFileSystem(database.folder, "true")).success
  } catch {
    return false
  }
}

interface Result {
  ids: number
  whileFull: string[]
  messages: string[]
}

async function fillDisk(rows: number): Promise<Result> {
  using database = temporaryDatabase()
  const program = join(import.meta.dir, "programs", "fill-disk.ts")
  const command = [process.execPath, program, database.folder, String(rows)]
  const child = Bun.spawn(inSmallFileSystem(database.folder, ...command), {
    stdout: "pipe",
    stderr: "inherit",
  })
  return JSON.parse(await new Response(child.stdout).text()) as Result
}

const times = (messages: readonly string[], pattern: RegExp) =>
  messages.filter((message) => pattern.test(message)).length

describe.skipIf(!canMount())("a full disk", () => {
  test("stops neither serving nor, once it has room, the ledger: every row is stored", async () => {
    const { ids, whileFull, messages } = await fillDisk(ROOM + 2000)
    expect(ids).toBe(ROOM + 2002)
    expect(times(messages, /lost/)).toBe(0)
    expect(times(whileFull, /memory only/)).toBe(1)
    expect(times(messages, /journal works again/)).toBe(1)
  }, 30_000)

  test("costs rows only when memory is at its bound too, and that is said once", async () => {
    const { ids, messages } = await fillDisk(ROOM + MAX_UNJOURNALED + 5000)
    expect(ids).toBeGreaterThanOrEqual(MAX_UNJOURNALED)
    expect(ids).toBeLessThan(ROOM + MAX_UNJOURNALED + 5000)
    expect(times(messages, /rows are lost/)).toBe(1)
  }, 30_000)
})
