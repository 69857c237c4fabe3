import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { strategies } from "../../src/routing/strategies/index.ts"
import { scenarios } from "../../src/simulator/scenarios/index.ts"
import { plainScenario } from "../simulator/virtual.ts"
import { open, temporaryDatabase, usageRow } from "../storage/sqlite/support.ts"

const main = join(import.meta.dir, "../../src/cli/main.ts")

async function simulate(args: string[], cwd = import.meta.dir) {
  const child = Bun.spawn([process.execPath, main, "simulate", ...args], {
    cwd,
    env: { PATH: process.env["PATH"], TZ: "UTC", NO_COLOR: "1" },
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

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "llmrouter-simulate-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

describe("llmrouter simulate", () => {
  test("lists the scenarios that ship", async () => {
    const { out, status } = await simulate(["--list"])
    expect(status).toBe(0)
    const lines = out.trimEnd().split("\n")
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual(
      scenarios.map(({ name, description }) => [name, description]),
    )
  })

  test("compares every strategy on a file, the oracles last", async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, "mine.yaml")
    writeFileSync(file, Bun.YAML.stringify(plainScenario({ "north/large": {} })))
    const { out, err, status } = await simulate([file, "--requests", "200"])
    expect([err, status]).toEqual(["", 0])
    const rows = out.split("\n").map((line) => line.trim().split(/ {2,}/))
    expect(rows[0]![0]).toBe("plain: Nothing is left to chance (200 requests)")
    const names = [...Object.keys(strategies), "oracle without luck", "oracle"]
    const figures = ["100%", "0", "100ms", "100ms", "100ms", "$2.00", "1.00", "1.0", "0%"]
    expect(rows.filter(([name]) => names.includes(name!))).toEqual(
      names.map((name) => [name, ...figures, "1.00", "1.00", "1.00"]),
    )
  })

  test("prints JSON that a seed decides", async () => {
    const args = ["flapping", "--strategy", "priority,weighted", "--requests", "2000", "--json"]
    const [one, again, other] = await Promise.all([
      simulate([...args, "--seed", "7"]),
      simulate([...args, "--seed", "7"]),
      simulate([...args, "--seed", "8"]),
    ])
    expect(again.out).toBe(one.out)
    expect(other.out).not.toBe(one.out)
    const [report] = JSON.parse(one.out)
    expect(report).toMatchObject({ name: "flapping", oracle: { requests: 2000, failed: 0 } })
    expect(report.standings.map((each: { strategy: string }) => each.strategy)).toEqual([
      "priority",
      "weighted",
    ])
  })

  test("prints one Markdown table for all", async () => {
    const { out } = await simulate(["--all", "--markdown", "--strategy=priority", "--requests=200"])
    const [head, rule, first, oracle] = out.trimEnd().split("\n")
    expect(head).toBe(`| strategy | ${scenarios.map(({ name }) => name).join(" | ")} |`)
    expect(rule!.split("|")).toHaveLength(scenarios.length + 3)
    expect(first).toStartWith("| `priority` | ")
    expect(oracle).toStartWith("| oracle | ")
  })

  test.each([
    [["brown-ot"], "there is no scenario and no file `brown-ot`. Did you mean `brown-out`?"],
    [[], "name a scenario or a file, or --all."],
    [["flapping", "--strategy", "adaptve"], "no strategy `adaptve`. Did you mean `adaptive`?"],
    [["flapping", "--requests", "5"], "--requests `5` is no whole number from 100 to"],
    [["flapping", "--seed", "x"], "--seed `x` is no whole number"],
    [["--history", "--since", "soon"], "--since `soon` is no time."],
    [["flapping", "--history"], "leave out `flapping`"],
  ])("%p is refused with what would be right", async (args, message) => {
    const { out, err, status } = await simulate(args)
    expect([out, status]).toEqual(["", 2])
    expect(err).toContain(message)
  })

  test("says what is wrong with a file", async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, "mine.json")
    writeFileSync(file, JSON.stringify({ ...plainScenario({ "north/large": {} }), lenght: "1m" }))
    const { err, status } = await simulate([file])
    expect(status).toBe(2)
    expect(err).toContain("lenght: there is no such key; did you mean `length`?")
  })
})

describe("llmrouter simulate --history", () => {
  const own = { type: "openai-compatible", baseUrl: "http://127.0.0.1:1/v1" }
  const config = {
    providers: { acme: own, emca: own },
    groups: { fast: ["acme/large", "emca/large"] },
  }

  async function seeded(path: string, count: number): Promise<void> {
    const { ledger } = await open(path)
    const time = Date.now() - 3_600_000
    for (let index = 0; index < count; index++) {
      const [deployment, ttft] = index % 2 === 0 ? ["acme/large", 300] : ["emca/large", 100]
      ledger.record(
        usageRow(`req-${index}`, {
          ...{ group: "fast", deployment, channel: `${deployment}#-`, time: time + index * 1000 },
          ...{ stream: true, attempts: 1, ttft, duration: 1000 + ttft, error: null, status: 200 },
        }),
      )
    }
    await ledger.close()
  }

  test("replays the ledger against the config's own group", async () => {
    using database = temporaryDatabase()
    using folder = temporaryFolder()
    const file = join(folder.path, "llmrouter.config.json")
    writeFileSync(file, JSON.stringify(config))
    await seeded(database.path, 400)
    const args = ["--history", "--config", file, "--db", database.path, "--json"]
    const { out, err, status } = await simulate([...args, "--strategy=priority,lowest-latency"])
    expect([err, status]).toEqual(["", 0])
    const [report] = JSON.parse(out)
    expect(report).toMatchObject({ name: "fast", notes: [], oracle: { requests: 400 } })
    const p95 = report.standings.map((each: { ttft: { p95: number } }) => each.ttft.p95)
    expect(p95).toEqual([300, 100])
  })

  test("says so when there is too little", async () => {
    using database = temporaryDatabase()
    using folder = temporaryFolder()
    const file = join(folder.path, "llmrouter.config.json")
    writeFileSync(file, JSON.stringify(config))
    await seeded(database.path, 50)
    const args = ["--history", "--config", file, "--db", database.path]
    const few = await simulate(args)
    expect(few.status).toBe(1)
    expect(few.err).toContain("the ledger has 50 chat requests of the group `fast`")
    const unknown = await simulate([...args, "--group", "fats"])
    expect(unknown.status).toBe(2)
    expect(unknown.err).toContain("no group `fats`. Did you mean `fast`?")
    const none = await simulate([...args.slice(0, 3), "--db", join(folder.path, "none.db")])
    expect(none.err).toContain("there is no history yet")
  })
})
