import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { NEEDS } from "../../src/core/needs.ts"
import { createFilters } from "../../src/routing/filters/index.ts"
import { findStrategy, strategies } from "../../src/routing/strategies/index.ts"

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

describe("words of configs in the manual", () => {
  const pages = [
    ...["routing", "strategies", "failures", "steering", "migrating", "request-errors"].map(
      (name) => page(`${name}.md`),
    ),
    readFileSync("README.md", "utf8"),
    readFileSync("CHANGELOG.md", "utf8"),
  ]
  const reference = page("config.md")

  test("are keys that the config has", () => {
    const keys = pages.flatMap(words).filter((word) => /^[a-z]+(\.[a-zA-Z]+)+$/.test(word))
    const theirs = keys.filter((key) => !/^(litellm_params|routing|strategy|error)\./.test(key))
    expect(theirs.length).toBeGreaterThan(30)
    const unknown = theirs.filter(
      (key) => !reference.includes(`\`${key}\``) && !reference.includes(`.${key}\``),
    )
    expect(sorted(unknown)).toEqual([])
  })

  test("are strategies that there are", () => {
    const named = pages.flatMap((text) =>
      [...text.matchAll(/strategy: "([\w-]+)"/g)].map(([, name]) => name!),
    )
    const same = page("migrating.md")
      .split("\n")
      .filter((line) => line.includes("`strategy` with the same word"))
      .flatMap((line) => words(line.split("|")[1]!))
      .flatMap((word) => word.replace(/^[\w.]+: /, ""))
      .filter((word) => !/^(routing\.)?strategy$/.test(word))
    expect(same.length).toBeGreaterThan(10)
    const unknown = [...named, ...same].filter((name) => findStrategy(name) === undefined)
    expect(sorted(unknown)).toEqual([])
  })
})
