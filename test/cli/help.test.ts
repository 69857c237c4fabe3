import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const main = join(import.meta.dir, "../../src/cli/main.ts")

async function help(...command: string[]): Promise<string> {
  const child = Bun.spawn([process.execPath, main, ...command, "--help"], {
    env: { PATH: process.env["PATH"] },
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, status] = await Promise.all([new Response(child.stdout).text(), child.exited])
  if (status !== 0) throw new Error(`${command.join(" ")} --help ended with ${status}`)
  return out
}

const commands = [...(await help()).matchAll(/^ +(\w+) {4}\S.*$/gm)].map(([, name]) => name!)
const texts = new Map<string, string>()
for (const name of commands) texts.set(name, await help(name))

/** The flags that a command's help lists. */
const flagsOf = (name: string) =>
  new Set(
    [
      ...(texts.get(name) ?? "").split("\nExamples:")[0]!.matchAll(/(?<![\w-])--?[a-z][a-z-]*/g),
    ].map(([flag]) => flag),
  )

/** What a page says of this program: `llmrouter explain fast --tools`. */
const shown = (text: string) =>
  [
    ...text.matchAll(
      /(?:^|[`(/]) *(?:\.\/)?llmrouter +([a-z]+)((?: +[^`\n#]+?)?)(?=[`#\n]| {2})/gm,
    ),
  ].map(([, name = "", rest = ""]) => ({
    name,
    flags: rest.match(/(?<=\s)--?[a-z][a-z-]*/g) ?? [],
  }))

describe("help", () => {
  test("has a line for each command", () => {
    expect(commands).toContain("explain")
    expect(commands).toContain("simulate")
    expect(commands.length).toBeGreaterThanOrEqual(8)
  })

  test("has examples at its end, and nothing behind them", () => {
    for (const name of ["usage", "explain", "simulate"]) {
      expect(texts.get(name)!.trimEnd()).toMatch(/\nExamples:\n( {2}llmrouter .+\n?)+$/)
    }
    for (const text of texts.values()) expect(text.split("\n")[0]).not.toContain("Examples")
  })

  test("of an inner command is its own", async () => {
    expect(await help("config", "schema")).toStartWith("Prints the JSON Schema")
  })

  test("and the manual show only commands and flags that exist", () => {
    const pages = readdirSync("docs")
      .filter((file) => file.endsWith(".md"))
      .map((file) => readFileSync(join("docs", file), "utf8"))
    const all = [...texts.values(), ...pages, readFileSync("README.md", "utf8")].flatMap(shown)
    expect(all.length).toBeGreaterThan(25)
    const wrong = all.filter(
      ({ name, flags }) =>
        !commands.includes(name) || flags.some((flag) => !flagsOf(name).has(flag)),
    )
    expect(wrong).toEqual([])
  })
})
