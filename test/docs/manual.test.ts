import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { NEEDS } from "../../src/core/needs.ts"
import { createFilters } from "../../src/routing/filters/index.ts"
import { strategies } from "../../src/routing/strategies/index.ts"
import { folder, loadSettings } from "../config/folder.ts"

const page = (name: string) => readFileSync(join("docs", name), "utf8")

/** The cells of the rows of the table whose head begins so. */
function table(text: string, head: string): string[][] {
  const at = text.indexOf(head)
  if (at < 0) throw new Error(`there is no table \`${head}\``)
  return text
    .slice(at)
    .split("\n\n", 1)[0]!
    .split("\n")
    .slice(2)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** What stands in backticks. */
const words = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word!)
const sorted = (list: Iterable<string>) => [...new Set(list)].toSorted()

describe("the table of strategies", () => {
  const rows = table(page("strategies.md"), "| strategy | what it does | use it for |")

  test("has every strategy and every alias, and no other", () => {
    const named = rows.map(([name = "", , , aliases = ""]) => [words(name)[0], words(aliases)])
    const real = Object.values(strategies).map(({ name, ...rest }) => [
      name,
      "aliases" in rest ? rest.aliases : [],
    ])
    expect(Object.fromEntries(named)).toEqual(Object.fromEntries(real))
  })

  test("says of each what its weights do", () => {
    const listed = table(page("strategies.md"), "| strategy | a higher weight").flatMap(
      ([names = ""]) => words(names),
    )
    expect(sorted(listed)).toEqual(sorted(Object.keys(strategies)))
  })

  test("recommends the one that is near the oracle in most scenarios", () => {
    const compared = page("routing.md").split("<!-- simulator: begin -->")[1]!.trim()
    const near = table(compared, "| strategy |")
      .filter(([name]) => name !== "oracle")
      .map(([name = "", ...cells]) => ({
        name: words(name)[0],
        near: cells.filter((cell) => {
          const [time = 0, cost = 0] = cell.split(/[/,]/).map(Number.parseFloat)
          // As the table rounds it.
          return time <= 1.1 && cost <= 1.1
        }).length,
      }))
    const adaptive = near.find(({ name }) => name === "adaptive")!
    expect(adaptive.near).toBeGreaterThanOrEqual(8)
    const others = near.filter((each) => each !== adaptive)
    for (const each of others) expect(each.near, each.name).toBeLessThan(adaptive.near)
  })
})

test("the table of filters has every filter, and no other", () => {
  const named = table(page("routing.md"), "| filter |").map(([name = ""]) => words(name)[0]!)
  const spending = { usedUpUntil: () => undefined, hold: () => ({ settle() {} }) }
  expect(sorted(named)).toEqual(sorted(createFilters(spending).map(({ name }) => name)))
})

test("the manual names everything that a request may need of a model", () => {
  const [, list = ""] = /\*\*Capabilities\*\* are what a request needs: ([^.]+)\./.exec(
    page("routing.md"),
  )!
  expect(words(list)).toEqual([...NEEDS])
})

describe("examples of configs", () => {
  const DEFAULTS = `import { env } from "llmrouter"
const base = {
  providers: {
    openai: { type: "openai", keys: ["sk-one-0000000001", "sk-two-0000000002"] },
    anthropic: { type: "anthropic", keys: ["sk-ant-0000000001"] },
    local: { type: "openai-compatible", baseUrl: "http://127.0.0.1:11434/v1" },
  },
}
`
  const ENV = {
    OPENAI_KEY_1: "sk-one-0000000001",
    OPENAI_KEY_2: "sk-two-0000000002",
    ANTHROPIC_API_KEY: "sk-ant-0000000001",
    TEAM_KEY: "key-of-the-team-00000001",
    EU_KEY: "key-of-the-eu-0000000001",
  }
  for (const name of ["routing.md", "strategies.md", "failures.md", "steering.md", "deploy.md"]) {
    const blocks = [...page(name).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
    const configs = blocks.filter((code) => !/^const client/m.test(code))
    for (const [index, code] of configs.entries()) {
      test(`${name}, number ${index + 1}, has no mistake`, async () => {
        const whole = code.includes("defineConfig(")
        // A part stands in a whole one: what it does not say is as in the defaults.
        const part = code.trim().replace(/,$/, "")
        // What it shows is elsewhere: a key that is kept to a group, or to a region.
        const more = part.startsWith("auth:")
          ? ', groups: { smart: [{ provider: "openai", model: "gpt-5.6", region: "eu" }] }'
          : ""
        const source = whole
          ? code
          : `${DEFAULTS}export default { ...base, ${part}${more} } as never\n`
        const place = folder({ "llmrouter.config.ts": source })
        const settings = await loadSettings(place, { env: ENV })
        expect(settings.file).toEndWith("llmrouter.config.ts")
      })
    }
  }
})

test("links lead to pages and to headings that exist", () => {
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-")
  const broken: string[] = []
  for (const name of readdirSync("docs").filter((file) => file.endsWith(".md"))) {
    for (const [, target = "", heading] of page(name).matchAll(
      /\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g,
    )) {
      const path = join("docs", target || name)
      let text: string
      try {
        text = readFileSync(target ? path : join("docs", name), "utf8")
      } catch {
        broken.push(`${name}: ${target}`)
        continue
      }
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchor(title!))
      if (heading && !headings.includes(heading)) broken.push(`${name}: ${target}#${heading}`)
    }
  }
  expect(broken).toEqual([])
})
