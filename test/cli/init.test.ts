import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { init, vendors, vendorsWithKey } from "../../src/cli/init.ts"
import { loadConfig } from "../../src/config/load.ts"
import type { ProviderDefinition } from "../../src/core/provider.ts"

const ROOT = join(import.meta.dir, "../..")
const MAIN = join(ROOT, "src/cli/main.ts")
const FILES = [".env.example", ".gitignore", "llmrouter-env.d.ts", "llmrouter.config.ts"]

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "llmrouter-init-"))
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const read = (name: string) => readFileSync(join(cwd, name), "utf8")

/** What the config in the folder comes to, in an environment with these variables alone. */
async function settings(env: Record<string, string>) {
  const result = await loadConfig({ cwd, env })
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join("\n"))
  return result
}

const keysFor = (chosen: readonly ProviderDefinition[]) =>
  Object.fromEntries(chosen.map(({ env }) => [env[0]!, "sk-test"]))

describe("without any key", () => {
  test("writes the example, its types and the files around them", () => {
    expect(init({ cwd, chosen: [] }).sort()).toEqual(FILES)
    expect(readdirSync(cwd).sort()).toEqual(FILES)
    expect(read("llmrouter.config.ts")).toBe(
      readFileSync(join(ROOT, "llmrouter.config.ts"), "utf8"),
    )
    expect(read("llmrouter-env.d.ts")).toBe(readFileSync(join(ROOT, "llmrouter-env.d.ts"), "utf8"))
    expect(read(".gitignore")).toBe(".env\n.env.local\n.llmrouter/\n")
  })

  test("writes a config that works and warns of nothing", async () => {
    init({ cwd, chosen: [] })
    const { settings: config, warnings } = await settings({})
    expect(warnings).toEqual([])
    const group = config.groups.find(({ name }) => name === config.defaultGroup)
    const ready = config.providers.filter(({ missingKeys }) => missingKeys.length === 0)
    const usable = group?.models.filter((one) => ready.some(({ name }) => name === one.provider))
    expect(usable?.length).toBe(1)
  })

  test("names every variable of the config in .env.example", () => {
    init({ cwd, chosen: [] })
    const config = read("llmrouter.config.ts")
    const example = read(".env.example")
    const names = [...config.matchAll(/env\("(\w+)"/g)].map((match) => match[1]!)
    expect(names.length).toBeGreaterThan(1)
    for (const name of names) expect(example).toMatch(new RegExp(`^(# )?${name}=$`, "m"))
    expect(read(".gitignore").split("\n")).toContain(".env")
  })
})

describe("with vendors chosen", () => {
  for (const vendor of vendors) {
    test(`writes a config that works for ${vendor.type} alone`, async () => {
      init({ cwd, chosen: [vendor] })
      const { settings: config, warnings } = await settings(keysFor([vendor]))
      expect(warnings).toEqual([])
      const used = config.groups.filter(({ models }) => models[0]?.provider === vendor.type)
      expect(used.map(({ name }) => name)).toEqual(["fast", "smart"])
      expect(used.every(({ models }) => models.length === 1)).toBe(true)
      expect(config.providers.find(({ name }) => name === vendor.type)?.keys.length).toBe(1)
    })
  }

  test("writes a config that works for all of them, in lines that fit", async () => {
    init({ cwd, chosen: vendors })
    const { settings: config, warnings } = await settings(keysFor(vendors))
    expect(warnings).toEqual([])
    expect(config.groups[0]?.models.length).toBe(vendors.length)
    const lines = read("llmrouter.config.ts").split("\n")
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  test("chooses those whose variable is set", () => {
    const [first, second] = vendors
    expect(vendorsWithKey({ [second!.env[0]!]: "x", [first!.env[0]!]: "" })).toEqual([second!])
  })
})

describe("where files exist", () => {
  test("refuses to overwrite a config, names it and writes nothing", () => {
    writeFileSync(join(cwd, "llmrouter.config.ts"), "mine")
    expect(() => init({ cwd, chosen: [] })).toThrow(join(cwd, "llmrouter.config.ts"))
    expect(readdirSync(cwd)).toEqual(["llmrouter.config.ts"])
    expect(read("llmrouter.config.ts")).toBe("mine")
  })

  test("overwrites with force", () => {
    writeFileSync(join(cwd, "llmrouter.config.ts"), "mine")
    init({ cwd, chosen: [], force: true })
    expect(read("llmrouter.config.ts")).toContain("defineConfig")
  })

  test("adds to .gitignore what is missing and keeps the rest", () => {
    writeFileSync(join(cwd, ".gitignore"), "dist/\n.env")
    init({ cwd, chosen: [] })
    expect(read(".gitignore")).toBe("dist/\n.env\n.env.local\n.llmrouter/\n")
    expect(init({ cwd, chosen: [], force: true })).not.toContain(".gitignore")
  })
})

describe("the command", () => {
  const environment = (added: Record<string, string> = {}) => {
    const env: Record<string, string | undefined> = { ...process.env, NO_COLOR: "1", ...added }
    for (const name of vendors.flatMap((vendor) => vendor.env)) {
      if (!(name in added)) delete env[name]
    }
    return env
  }

  async function run(args: string[]) {
    const child = Bun.spawn([process.execPath, MAIN, "init", ...args], {
      cwd,
      env: environment(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    })
    const [out, err] = [new Response(child.stdout).text(), new Response(child.stderr).text()]
    return { status: await child.exited, out: await out, err: await err }
  }

  test("writes the files, says what is next, and refuses a second time", async () => {
    const first = await run(["--yes"])
    expect(first.err).toBe("")
    expect(first.status).toBe(0)
    expect(first.out).toContain("llmrouter.config.ts")
    expect(first.out).toContain("llmrouter check")
    expect(readdirSync(cwd).sort()).toEqual(FILES)

    const second = await run(["--yes"])
    expect(second.status).toBe(1)
    expect(second.err).toContain(join(cwd, "llmrouter.config.ts"))
    expect(second.err).toContain("--force")
  }, 30_000)

  test("finds keys in .env and says which others are missing", async () => {
    const [first] = vendors
    writeFileSync(join(cwd, ".env"), `${first!.env[0]}=sk-test\n`)
    const { status, out } = await run(["--yes"])
    expect(status).toBe(0)
    expect(out).not.toContain("fill in")
    expect(read("llmrouter.config.ts")).toContain(`env("${first!.env[0]}")`)
    expect(read(".env")).toBe(`${first!.env[0]}=sk-test\n`)
  }, 30_000)

  test("brings only the types up to date with --types", async () => {
    writeFileSync(join(cwd, "llmrouter.config.ts"), "mine")
    expect((await run(["--types"])).status).toBe(0)
    expect(readdirSync(cwd).sort()).toEqual(["llmrouter-env.d.ts", "llmrouter.config.ts"])
    expect(read("llmrouter.config.ts")).toBe("mine")
  }, 30_000)

  test("asks on a terminal, with the vendors found selected", async () => {
    const [first, second] = vendors
    let screen = ""
    const asked = Promise.withResolvers<void>()
    const child = Bun.spawn([process.execPath, MAIN, "init"], {
      cwd,
      env: environment({ [second!.env[0]!]: "sk-test" }),
      terminal: {
        cols: 100,
        rows: 40,
        data(_terminal, bytes) {
          screen += Buffer.from(bytes).toString()
          if (screen.includes("confirm")) asked.resolve()
        },
      },
    })
    void child.exited.then(() => asked.reject(new Error(screen)))
    await asked.promise
    child.terminal!.write(" ")
    child.terminal!.write("\r")
    expect(await child.exited).toBe(0)
    expect(screen).toContain(`fill in ${first!.env[0]}\r`)
    const { settings: config } = await settings(keysFor([first!, second!]))
    const models = config.groups[0]!.models.map(({ provider }) => provider)
    expect(models).toEqual([first!.type, second!.type])
  }, 30_000)
})
