import { expect, test } from "bun:test"
import { basename } from "node:path"
import type { Diagnostic } from "../../src/config/diagnostic.ts"
import { folder, load } from "./folder.ts"
import { unmark } from "./mistakes/mistake.ts"

/** Loads files of which one has a marked mistake, and expects it to be reported there and nowhere else. */
async function expectAt(files: Readonly<Record<string, string>>, code = "LR2041"): Promise<void> {
  const marked = Object.entries(files).find(([, text]) => text.includes("⟦"))!
  const { line, column, length } = unmark(marked[1])
  const plain = Object.entries(files).map(([name, text]) => [name, text.replace(/[⟦⟧]/g, "")])
  const result = await load(folder(Object.fromEntries(plain)))
  const [diagnostic, ...others] = (result.ok ? [] : result.diagnostics) as [Diagnostic]
  expect(others).toEqual([])
  expect({
    code: diagnostic.code,
    file: basename(diagnostic.file!),
    line: diagnostic.line,
    column: diagnostic.column,
    length: diagnostic.length,
  }).toEqual({ code: code as Diagnostic["code"], file: marked[0], line, column, length })
}

const HEAD = 'import { defineConfig } from "llmrouter"\n'
const PROVIDERS = 'providers: { demo: { type: "demo" } }'

test("a value behind a constant is found where it is written", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}const model = "⟦dmo⟧/demo"\nexport default defineConfig({ ${PROVIDERS}, groups: { fast: [model] } })\n`,
  }))

test("a shorthand property leads to its constant", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}const groups = {\n  fast: ["⟦dmo⟧/demo"],\n}\nexport default defineConfig({ ${PROVIDERS}, groups })\n`,
  }))

test("a config in a constant with `satisfies` and `as const` is looked into", () =>
  expectAt({
    "llmrouter.config.ts": `const config = {\n  ${PROVIDERS},\n  groups: { fast: ["⟦dmo⟧/demo"] as const },\n} satisfies object\nexport default config\n`,
  }))

test("a spread leads to the object that it spreads", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}const shared = { big: ["⟦dmo⟧/demo"] }\nexport default defineConfig({ ${PROVIDERS}, groups: { fast: ["demo/demo"], ...shared } })\n`,
  }))

test("indexes are counted through spread lists", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}const first = ["demo/a", "demo/b"]\nexport default defineConfig({ ${PROVIDERS}, groups: { fast: [...first, "demo/c", "⟦dmo⟧/d"] } })\n`,
  }))

test("the property that wins is the one that is shown", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}const base = { fast: ["dmo/demo"] }\nexport default defineConfig({ ${PROVIDERS}, groups: { ...base, fast: ["⟦dm0⟧/demo"] } })\n`,
  }))

test("a member of a constant is followed", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}const models = { small: { best: "⟦dmo⟧/demo" } }\nexport default defineConfig({ ${PROVIDERS}, groups: { fast: [models.small["best"]] } })\n`,
  }))

test("a function that returns the config is looked into, with its own constants", () =>
  expectAt({
    "llmrouter.config.ts": `export default ({ env }: { env: Record<string, string> }) => {\n  const best = "⟦dmo⟧/demo"\n  return { ${PROVIDERS}, groups: { fast: [best] } }\n}\n`,
  }))

test("a function given to defineConfig is looked into", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}export default defineConfig(() => ({\n  ${PROVIDERS},\n  groups: { fast: ["⟦dmo⟧/demo"] },\n}))\n`,
  }))

test("a call of the user's own function leads to what it returns", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}function group(weight: number) {\n  return { models: ["⟦dmo⟧/demo"] }\n}\nexport default defineConfig({ ${PROVIDERS}, groups: { fast: group(2) } })\n`,
  }))

test("both ends of a condition are searched", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}export default defineConfig({ ${PROVIDERS}, groups: process.env["NEVER"] ? {} : { fast: ["⟦dmo⟧/demo"] } })\n`,
  }))

test("a value of an imported file is found in that file", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}import { fast } from "./groups.ts"\nexport default defineConfig({ ${PROVIDERS}, groups: { fast } })\n`,
    "groups.ts": 'export const fast = [\n  "demo/demo",\n  "⟦dmo⟧/demo",\n]\n',
  }))

test("a re-export and a namespace are followed", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}import * as all from "./all.ts"\nexport default defineConfig({ ${PROVIDERS}, groups: { fast: all.fast } })\n`,
    "all.ts": 'export { quick as fast } from "./groups.ts"\n',
    "groups.ts": 'export const quick = ["⟦dmo⟧/demo"]\n',
  }))

test("a value of an imported JSON file is found in that file", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}import groups from "./groups.json"\nexport default defineConfig({ ${PROVIDERS}, groups })\n`,
    "groups.json": '{\n  "fast": ["⟦dmo⟧/demo"]\n}\n',
  }))

test("what is computed is shown where it is computed", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}const names = ["dmo"]\nexport default defineConfig({ ${PROVIDERS}, groups: { fast: ⟦names.map((name) => name + "/demo")⟧ } })\n`,
  }))

test("a package's JavaScript with module.exports is looked into", () =>
  expectAt({
    "llmrouter.config.js": `module.exports = { ${PROVIDERS}, groups: { fast: ["⟦dmo⟧/demo"] } }\n`,
  }))

test("a column counts characters, also behind other scripts", () =>
  expectAt({
    "llmrouter.config.ts": `${HEAD}export default defineConfig({ ${PROVIDERS}, groups: { "größe-模型": ["demo/demo", "⟦dmo⟧/demo"] } })\n`,
  }))

test("a YAML alias leads to its anchor", () =>
  expectAt({
    "llmrouter.config.yaml":
      "providers:\n  demo: { type: demo }\ngroups:\n  fast: &fast\n    - '⟦dmo⟧/demo'\n  # the same\ndefaultGroup: fast\n",
  }))

test("a YAML merge key leads to what it merges", () =>
  expectAt(
    {
      "llmrouter.config.yaml":
        "providers:\n  first: &base\n    type: demo\n    timeouts: { connect: ⟦soon⟧ }\n  second:\n    <<: *base\n    timeouts: { connect: 1s }\n",
    },
    "LR2025",
  ))

test("a JSONC position counts comments and nesting", () =>
  expectAt({
    "llmrouter.config.jsonc": `{\n  /* a\n     b */ "providers": { "demo": { "type": "demo" } },\n  "groups": { "fast": { "models": [\n    "demo/demo", // first\n    "⟦dmo⟧/demo",\n  ] } },\n}\n`,
  }))

test("Windows line ends do not move a position", () =>
  expectAt({
    "llmrouter.config.yaml":
      "providers:\r\n  demo: { type: demo }\r\ngroups:\r\n  fast: [⟦dmo⟧/demo]\r\n",
  }))
