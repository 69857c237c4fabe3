import { expect, test } from "bun:test"
import { join } from "node:path"
import { temporaryDatabase } from "./support.ts"

/** A private file system of two megabytes, which vanishes with the process that mounted it. */
const inSmallFileSystem = (folder: string, ...command: string[]) => [
  ...["unshare", "--map-root-user", "--mount", "sh", "-c"],
  'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"',
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

test.skipIf(!canMount())(
  "a full disk stops neither serving nor, once it has room, the ledger",
  async () => {
    using database = temporaryDatabase()
    const program = join(import.meta.dir, "programs", "fill-disk.ts")
    const child = Bun.spawn(
      inSmallFileSystem(database.folder, process.execPath, program, database.folder),
      { stdout: "pipe", stderr: "inherit" },
    )
    const output = await new Response(child.stdout).text()
    const result = JSON.parse(output) as { ids: number; whileFull: string[]; messages: string[] }
    // Every row from before, during and after is there; nothing was dropped.
    expect(result.ids).toBe(2002)
    expect(result.messages.filter((message) => /lost/.test(message))).toEqual([])
    expect(result.whileFull.filter((message) => /memory only/.test(message))).toHaveLength(1)
    expect(result.messages.filter((message) => /journal works again/.test(message))).toHaveLength(1)
  },
)
