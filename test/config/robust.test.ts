// biome-ignore-all lint/suspicious/noTemplateCurlyInString: half a placeholder
import { expect, test } from "bun:test"
import { join } from "node:path"
import { folder, load, write } from "./folder.ts"

/** A config that uses every part of the schema. */
const FULL = {
  providers: {
    openai: {
      type: "openai",
      baseUrl: "https://api.example.com/v1",
      keys: ["sk-0123456789abcdef", "sk-fedcba9876543210"],
      models: ["big", "small"],
      headers: { "x-team": "search" },
      extraBody: { metadata: { a: [1] } },
      passHeaders: ["x-trace"],
      proxy: "http://127.0.0.1:3128",
      timeouts: { connect: "1s", firstByte: 5 },
      organization: "org",
    },
    azure: { type: "azure", resource: "mine", keys: ["0123456789abcdef"] },
    demo: { type: "demo" },
  },
  groups: {
    fast: ["openai/small", { provider: "demo", model: "demo", weight: 2, tags: ["eu"] }],
    smart: {
      strategy: "weighted",
      models: ["openai/big", "azure/gpt"],
      fallbacks: ["fast"],
      timeouts: { stall: "1m" },
      retries: { attempts: 1 },
    },
  },
  defaultGroup: "smart",
  unknownModel: "default",
  exposeModels: true,
  server: { host: "127.0.0.1", port: 0, cors: { origins: ["https://a.example.com"] }, drain: "1s" },
  auth: {
    keys: [
      "caller-0123456789abcdef",
      { key: "caller-fedcba9876543210", name: "web", groups: ["fast"] },
    ],
    adminKey: "admin-0123456789abcdef",
  },
  timeouts: { stall: "2m" },
  retries: 2,
  cooldown: { network: "1s" },
  breaker: { failures: 3 },
  limits: { body: "1mb" },
  storage: { path: "usage.db" },
  log: { level: "warn", format: "json" },
}

const JUNK: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  "",
  "x",
  "${",
  "/",
  [],
  [null],
  {},
  { "": {} },
  true,
  [[]],
]

type Steps = readonly (string | number)[]

function* pathsOf(value: unknown, path: Steps = []): Generator<Steps> {
  if (path.length > 0) yield path
  if (typeof value !== "object" || value === null) return
  for (const [key, part] of Object.entries(value)) {
    yield* pathsOf(part, [...path, Array.isArray(value) ? Number(key) : key])
  }
}

function replaced(value: unknown, [first, ...rest]: Steps, junk: unknown): unknown {
  if (first === undefined) return junk
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[first] = replaced(copy[first], rest, junk)
  return copy
}

test("whatever stands anywhere in a config, it loads or says where it is wrong", async () => {
  const cwd = folder()
  const file = "llmrouter.config.json"
  let broken = 0
  for (const path of pathsOf(FULL)) {
    for (const junk of JUNK) {
      const text = JSON.stringify(replaced(FULL, path, junk), null, 1)
      write(cwd, { [file]: text })
      const result = await load(cwd)
      if (result.ok) continue
      broken++
      expect({ path, junk, count: result.diagnostics.length }).not.toMatchObject({ count: 0 })
      for (const diagnostic of [...result.diagnostics, ...result.warnings]) {
        expect(diagnostic.file).toBe(join(cwd, file))
        const line = text.split("\n")[diagnostic.line! - 1]!
        expect(diagnostic.column! + diagnostic.length! - 1).toBeLessThanOrEqual(line.length)
      }
    }
  }
  expect(broken).toBeGreaterThan(500)
})

test("the config that the others are made from is fine", async () => {
  const cwd = folder({ "llmrouter.config.json": JSON.stringify(FULL) })
  const result = await load(cwd)
  expect(result.ok ? [] : result.diagnostics).toEqual([])
  expect(result.warnings).toEqual([])
})

test("values that JSON cannot say are reported, not followed", async () => {
  const values = [
    "() => 1",
    "new Map()",
    "Symbol()",
    "10n",
    "NaN",
    "new Date()",
    "/x/",
    "Promise.resolve({})",
    "new (class A { type = 'demo' })()",
  ]
  for (const value of values) {
    for (const place of [
      `providers: { demo: ${value} }`,
      `providers: { demo: { type: "demo", extraBody: { a: ${value} } } }`,
      `providers: { demo: { type: "demo" } }, server: { port: ${value} }`,
      `providers: { demo: { type: "demo" } }, groups: { a: ${value} }`,
      `providers: { demo: { type: "demo", keys: [${value}] } }`,
    ]) {
      const result = await load(folder({ "llmrouter.config.ts": `export default { ${place} }\n` }))
      expect({ place, codes: result.ok ? [] : result.diagnostics.map(({ code }) => code) }).toEqual(
        {
          place,
          codes: [expect.stringMatching(/^LR202[23]$/)],
        },
      )
    }
  }
})
