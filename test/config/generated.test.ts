import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { generate } from "../../scripts/generate.ts"
import { providers } from "../../src/providers/index.ts"
import { strategies } from "../../src/routing/strategies/index.ts"

const ROOT = join(import.meta.dir, "../..")
const generated = generate()

for (const [path, text] of Object.entries(generated)) {
  test(`${path} is what \`bun run generate\` writes`, () => {
    const file = join(ROOT, path)
    expect(existsSync(file)).toBe(true)
    expect(readFileSync(file, "utf8") === text, `${path} is stale: run \`bun run generate\``).toBe(
      true,
    )
  })
}

test("the declarations stay small enough to be written beside every config", () => {
  expect(generated["llmrouter-env.d.ts"]!.length).toBeLessThan(150_000)
})

test("the declarations import nothing", () => {
  expect(generated["llmrouter-env.d.ts"]).not.toMatch(/^\s*import\b|\bfrom "/m)
})

test("the reference has every provider type, variable and strategy", () => {
  const docs = generated["docs/config.md"]!
  for (const { type, env } of providers.values()) {
    for (const name of [type, ...env]) expect(docs).toContain(`\`${name}\``)
  }
  for (const name of Object.keys(strategies)) expect(docs).toContain(`| \`${name}\``)
})

test("the reference has every key of the types", () => {
  const docs = generated["docs/config.md"]!
  const types = generated["src/config/types.gen.ts"]!
  const keys = [...types.matchAll(/^ {2}([a-zA-Z$]\w*)\??: /gm)].map((match) => match[1]!)
  expect(keys.length).toBeGreaterThan(60)
  for (const key of new Set(keys))
    expect(docs).toMatch(new RegExp(`[.\`]${key.replace("$", "\\$")}\``))
})
