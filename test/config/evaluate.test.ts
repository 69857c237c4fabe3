import { expect, test } from "bun:test"
import { join } from "node:path"
import { folder, load, loadSettings, write } from "./folder.ts"

const PROVIDERS = 'providers: { demo: { type: "demo" } }'

test("a config may be an object, a promise, a function or an async function that gets `env`", async () => {
  const forms = [
    `export default { ${PROVIDERS}, defaultGroup: "a", groups: { a: ["demo/x"] } }`,
    `export default Promise.resolve({ ${PROVIDERS}, groups: { a: ["demo/x"] } })`,
    `export default ({ env }) => ({ ${PROVIDERS}, groups: { a: ["demo/" + env.MODEL] } })`,
    `export default async ({ env }) => { await 0; return { ${PROVIDERS}, groups: { a: ["demo/" + env["MODEL"]] } } }`,
    `const model = await Promise.resolve("x"); export default { ${PROVIDERS}, groups: { a: ["demo/" + model] } }`,
    `import { defineConfig } from "llmrouter"; export default defineConfig(() => ({ ${PROVIDERS}, groups: { a: ["demo/x"] } }))`,
    `module.exports = { ${PROVIDERS}, groups: { a: ["demo/x"] } }`,
  ]
  for (const text of forms) {
    const settings = await loadSettings(folder({ "llmrouter.config.js": text }), {
      env: { MODEL: "x" },
    })
    expect(settings.groups[0]!.models[0]!.model).toBe("x")
  }
})

test("TypeScript, JSON and YAML files can be imported, and all of them are watched", async () => {
  const cwd = folder({
    "llmrouter.config.mts": `import { Names } from "./names.ts"
import json from "./models.json"
import yaml from "./more.yaml"
export default { ${PROVIDERS}, groups: { [Names.Fast]: [...json, ...yaml.models] } } satisfies object
`,
    "names.ts": 'export enum Names { Fast = "fast" }\n',
    "models.json": '["demo/a"]',
    "more.yaml": "models: [demo/b]\n",
  })
  const settings = await loadSettings(cwd)
  expect(settings.groups[0]!.models.map(({ model }) => model)).toEqual(["a", "b"])
  for (const name of ["llmrouter.config.mts", "names.ts", "models.json", "more.yaml", ".env"]) {
    expect(settings.files).toContain(join(cwd, name))
  }
})

test("every load sees the files as they are now, also the ones that the config imports", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { fast } from "./a/groups.ts"\nexport default { ${PROVIDERS}, groups: { fast } }\n`,
    "a/groups.ts": 'import { name } from "./name.ts"\nexport const fast = ["demo/" + name]\n',
    "a/name.ts": 'export const name = "one"\n',
  })
  const model = async () => (await loadSettings(cwd)).groups[0]!.models[0]!.model
  expect(await model()).toBe("one")
  for (const name of ["two", "three", "four"]) {
    write(cwd, { "a/name.ts": `export const name = "${name}"\n` })
    expect(await model()).toBe(name)
  }
})

test("a config that threw loads as soon as it is repaired, also when a file that it imports threw", async () => {
  const config = (text: string) => ({ "llmrouter.config.ts": text })
  const good = `import "./other.ts"\nexport default { ${PROVIDERS} }\n`
  const cwd = folder({ ...config(good), "other.ts": 'throw new Error("not yet")\n' })
  const broken = await load(cwd)
  expect(broken.ok ? [] : broken.diagnostics).toMatchObject([
    {
      code: "LR2008",
      file: join(cwd, "other.ts"),
      line: 1,
      message: expect.stringContaining("not yet"),
    },
  ])
  expect(broken.files).toContain(join(cwd, "other.ts"))
  write(cwd, { "other.ts": "export {}\n" })
  expect((await load(cwd)).ok).toBe(true)
})

test("a config that does not finish is given up, and the repaired one loads", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `await new Promise(() => {})\nexport default { ${PROVIDERS} }\n`,
  })
  const stuck = await load(cwd, { limit: 200 })
  expect(stuck.ok ? [] : stuck.diagnostics).toMatchObject([
    { code: "LR2009", message: "the config did not finish within 0.2 s" },
  ])
  write(cwd, { "llmrouter.config.ts": `export default { ${PROVIDERS} }\n` })
  expect((await load(cwd)).ok).toBe(true)
})

test("a function that does not finish is given up too", async () => {
  const cwd = folder({ "llmrouter.config.ts": "export default () => new Promise(() => {})\n" })
  const stuck = await load(cwd, { limit: 200 })
  expect(stuck.ok ? [] : stuck.diagnostics).toMatchObject([{ code: "LR2009" }])
})

test("what a config starts ends with its load", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { appendFileSync } from "node:fs"
globalThis.configTicks = 0
setInterval(() => { globalThis.configTicks++ }, 1)
export default { ${PROVIDERS} }
`,
  })
  await loadSettings(cwd)
  const ticks = () => (globalThis as { configTicks?: number }).configTicks
  const before = ticks()
  // A timer of ours that is due later than many of the config's would have been.
  await new Promise((done) => setTimeout(done, 30))
  expect(ticks()).toBe(before)
})

test("an error is shown at the user's line when it comes from a function, a promise or no Error", async () => {
  const cases: readonly (readonly [string, string, number])[] = [
    [
      'export default () => {\n  throw new RangeError("in a function")\n}\n',
      "RangeError: in a function",
      2,
    ],
    ['export default Promise.reject(new Error("in a promise"))\n', "in a promise", 1],
    ['throw "just text"\n', 'it threw "just text"', 1],
    ["const a = JSON.parse('{}')\n\nexport default { providers: a.b.c }\n", "undefined", 3],
  ]
  for (const [text, message, line] of cases) {
    const result = await load(folder({ "llmrouter.config.ts": text }))
    expect(result.ok ? [] : result.diagnostics).toMatchObject([
      { code: "LR2008", message: expect.stringContaining(message), line },
    ])
  }
})

test("an import that is missing is watched, so that the config loads when it comes", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { fast } from "./later.ts"\nexport default { ${PROVIDERS}, groups: { fast } }\n`,
  })
  const broken = await load(cwd)
  expect(broken.ok).toBe(false)
  expect(broken.files).toContain(join(cwd, "later.ts"))
})

test("a dependency that is not installed is said to be missing", async () => {
  const cwd = folder({
    "llmrouter.config.ts": 'import x from "no-such-package-here"\nexport default x\n',
  })
  const result = await load(cwd)
  expect(result.ok ? [] : result.diagnostics).toMatchObject([
    { code: "LR2005", line: 1, column: 15, hint: expect.stringContaining("install it") },
  ])
})
