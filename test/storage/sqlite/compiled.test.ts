import { expect, test } from "bun:test"
import { join } from "node:path"
import { temporaryDatabase } from "./support.ts"

const root = join(import.meta.dir, "../../..")

test("the worker runs inside a compiled executable, in a folder without any sources", async () => {
  using database = temporaryDatabase()
  const outfile = join(database.folder, "program")
  const build = Bun.spawnSync([
    ...[process.execPath, "build", "--compile", "--minify", "--format=esm", "--bytecode"],
    ...["--entry-naming=[name].[ext]", `--outfile=${outfile}`],
    join(import.meta.dir, "programs/compiled.ts"),
    join(root, "src/storage/sqlite/ledger-worker.ts"),
  ])
  expect(build.stderr.toString()).not.toMatch(/error/i)
  const run = Bun.spawnSync([outfile, database.path], { cwd: database.folder })
  expect(run.stdout.toString()).toBe("true row-0 row-1 row-2\n")
  expect(run.exitCode).toBe(0)
}, 60_000)
