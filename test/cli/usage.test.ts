import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { open, temporaryDatabase, usageRow } from "../storage/sqlite/support.ts"

const main = join(import.meta.dir, "../../src/cli/main.ts")
const ESCAPE = "\u001b"

async function usage(args: string[], env: Record<string, string> = {}, cwd = import.meta.dir) {
  const child = Bun.spawn([process.execPath, main, "usage", ...args], {
    cwd,
    env: { PATH: process.env["PATH"], TZ: "UTC", NO_COLOR: "1", ...env },
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out, err, status }
}

async function seeded(path: string): Promise<void> {
  const { ledger } = await open(path)
  const time = Date.now()
  const other = { group: "smart", deployment: "emca/small", channel: "emca/small#1" }
  ledger.record(usageRow("req-1", { time: time - 1000, cost: 210_000, ttft: 100, duration: 900 }))
  ledger.record(usageRow("req-2", { time: time - 2000, cost: null, ...other }))
  ledger.record(
    usageRow("req-3", {
      ...{ time: time - 90_000_000, cost: 1_500_000_000, key: "alice", ttft: 300, duration: 2100 },
      ...{ status: 504, error: "upstream-timeout", client: `名前 ${ESCAPE}[31mred` },
    }),
  )
  await ledger.close()
}

describe("llmrouter usage", () => {
  test("prints sums by group and deployment, in columns that align", async () => {
    using database = temporaryDatabase()
    await seeded(database.path)
    const { out, err, status } = await usage(["--db", database.path])
    expect([err, status]).toEqual(["", 0])
    const lines = out.trimEnd().split("\n")
    expect(lines.map((line) => line.trimEnd().split(/ {2,}/))).toEqual([
      [
        ...["group", "deployment", "requests", "errors", "attempts", "input", "output", "cached"],
        ...["reasoning", "ttft p50/p95", "duration p50/p95", "cost"],
      ],
      [
        ...["fast", "acme/large", "2", "1", "2", "2,000", "400", "800", "100"],
        ...["100ms / 300ms", "900ms / 2.1s", "$1.50"],
      ],
      [
        ...["smart", "emca/small", "1", "0", "1", "1,000", "200", "400", "50"],
        ...["121ms / 121ms", "900ms / 900ms", "unpriced *"],
      ],
      [expect.stringMatching(/^─+$/)],
      [
        ...["total", "3", "1", "3", "3,000", "600", "1,200", "150"],
        ...["121ms / 300ms", "900ms / 2.1s", "$1.50 *"],
      ],
      ["* without 1 of 3 requests, whose price is not known: unpriced, not free"],
    ])
    // Numbers end where their title does.
    const end = lines[0]!.indexOf("requests") + "requests".length
    expect([lines[1], lines[2], lines[4]].map((line) => line?.[end - 1])).toEqual(["2", "1", "3"])
  })

  test("sums by what was asked for, since a time", async () => {
    using database = temporaryDatabase()
    await seeded(database.path)
    const byKey = await usage(["--db", database.path, "--by", "key", "--json"])
    expect(JSON.parse(byKey.out).groups).toMatchObject([
      { key: null, requests: 2, costNanoUsd: 210_000, costUsd: 0.00021, unpriced: 1 },
      { key: "alice", requests: 1, costNanoUsd: 1_500_000_000, costUsd: 1.5, unpriced: 0 },
    ])
    const since = await usage(["--db", database.path, "--by=day,channel", "--since=24h", "--json"])
    const report = JSON.parse(since.out)
    expect(report.total).toMatchObject({ requests: 2, errors: 0 })
    expect(report.groups.map(({ channel }: { channel: string }) => channel).sort()).toEqual([
      "acme/large#0",
      "emca/small#1",
    ])
  })

  test("prints what was spent in vain where that was", async () => {
    using database = temporaryDatabase()
    const { ledger } = await open(database.path)
    const attempts = [{ channel: "slow/one#k", wasted: 2_000_000_000 }]
    const route = JSON.stringify({ attempts })
    ledger.record(usageRow("1", { cost: 5_000_000_000, wasted: 2_000_000_000, route }))
    await ledger.close()
    const { out } = await usage(["--db", database.path, "--by", "deployment"])
    const cells = out.split("\n").map((line) => line.trimEnd().split(/ {2,}/))
    expect(cells.slice(1, 5).map((row) => [row[0], row[1], row.at(-1)])).toEqual([
      ["acme/large", "1", "$3.00"],
      ["slow/one", "0", "$2.00"],
      [expect.stringMatching(/^─+$/), undefined, expect.stringMatching(/^─+$/)],
      ["total", "1", "$5.00"],
    ])
  })

  test("prints the last requests, newest first, without what would steer the terminal", async () => {
    using database = temporaryDatabase()
    await seeded(database.path)
    const { out } = await usage(["--db", database.path, "--rows"])
    const lines = out.trimEnd().split("\n")
    expect(lines.slice(1).map((line) => line.split(/ {2,}/)[1])).toEqual([
      "req-1",
      "req-2",
      "req-3",
    ])
    expect(lines[1]).toContain("$0.00021")
    expect(lines[2]).toContain("unpriced")
    expect(lines[3]).toContain("504 upstream-timeout")
    expect(out).not.toContain(ESCAPE)

    const json = await usage(["--db", database.path, "--rows", "--limit", "1", "--json"])
    expect(JSON.parse(json.out).rows).toMatchObject([{ id: "req-1", costNanoUsd: 210_000 }])
  })

  test("colours only where colour is wanted", async () => {
    using database = temporaryDatabase()
    await seeded(database.path)
    const colourful = await usage(["--db", database.path], { NO_COLOR: "", FORCE_COLOR: "1" })
    expect(colourful.out).toContain(ESCAPE)
    const plain = await usage(["--db", database.path], { NO_COLOR: "1", FORCE_COLOR: "" })
    expect(plain.out).not.toContain(ESCAPE)
  })

  test("says kindly that there is nothing yet", async () => {
    using database = temporaryDatabase()
    const none = await usage(["--db", database.path])
    expect(none.status).toBe(0)
    expect(none.out).toStartWith(`No usage yet: ${database.path} does not exist.\n`)
    const json = await usage(["--db", database.path, "--json"])
    expect(JSON.parse(json.out)).toMatchObject({ groups: [], total: null })

    await seeded(database.path)
    const later = await usage(["--db", database.path, "--since", "2200-01-01"])
    expect(later.out).toStartWith("No usage since 2200-01-01T00:00:00.000Z in ")
  })

  test("reads the database that the config names", async () => {
    using database = temporaryDatabase()
    await seeded(database.path)
    const config = { providers: { demo: { type: "demo" } }, storage: { path: "usage.db" } }
    writeFileSync(join(database.folder, "llmrouter.config.json"), JSON.stringify(config))
    const { out, err } = await usage(["--json"], {}, database.folder)
    expect(err).toBe("")
    expect(JSON.parse(out).total.requests).toBe(3)

    const off = { providers: { demo: { type: "demo" } }, storage: false }
    writeFileSync(join(database.folder, "llmrouter.config.json"), JSON.stringify(off))
    const refused = await usage([], {}, database.folder)
    expect([refused.status, refused.out]).toEqual([1, ""])
    expect(refused.err).toContain("storage: false")
  })

  test.each([
    [["--by", "colour"], 2, /--by knows no `colour`.*group, deployment/],
    [["--since", "soon"], 2, /--since `soon` is no time.*24h/],
    [["--rows", "--limit", "0"], 2, /--limit `0`/],
    [["--db", import.meta.path], 1, /file is not a database.*--db/],
  ])("refuses %p with a reason and a way out", async (args, status, message) => {
    const refused = await usage(["--db", "/nowhere/usage.db", ...args])
    expect(refused).toMatchObject({ status, out: "" })
    expect(refused.err).toMatch(message)
  })
})
