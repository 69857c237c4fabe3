import { expect, test } from "bun:test"
import type { LoadResult } from "../../src/config/load.ts"
import { folder, load } from "./folder.ts"

function found(result: LoadResult): string[] {
  const all = result.ok ? result.warnings : result.diagnostics
  return all.map(({ code, line, column }) => `${code} ${line}:${column}`)
}

const BROKEN = `import { defineConfig, env } from "llmrouter"

export default defineConfig({
  providers: {
    openai: { type: "opnai", keys: [env("K")], baseURL: "https://api.example.com/v1" },
    local: { type: "openai-compatible", timeouts: { connect: "5 sec" } },
  },
  groups: {
    fast: ["openai/gpt-5.4-mini", "locl/qwen3:8b"],
    smart: { strategy: "rand", models: [], fallbacks: ["smart", "fats"] },
  },
  defaultGroup: "quick",
  server: { port: 80800, cors: { origins: ["example.com"] } },
  timeout: "5s",
})
`

test("all mistakes are reported at once, in the order of the file", async () => {
  const result = await load(folder({ "llmrouter.config.ts": BROKEN }), {
    env: { K: "sk-0123456789abcdef" },
  })
  expect(found(result)).toEqual([
    "LR2031 5:21",
    "LR2020 5:48",
    "LR2021 6:5",
    "LR2025 6:62",
    "LR2041 9:36",
    "LR2054 10:24",
    "LR2045 10:40",
    "LR2044 10:56",
    "LR2043 10:65",
    "LR2043 12:17",
    "LR2023 13:19",
    "LR2030 13:44",
    "LR2020 14:3",
  ])
})

test("a mistake does not bring others that it explains", async () => {
  const result = await load(
    folder({
      "llmrouter.config.ts": `export default {
  providers: { openai: { type: "opnai", models: ["a"] }, other: 5 },
  groups: { fast: ["openai/a", "other/b"], slow: 7 },
  defaultGroup: "slow",
}
`,
    }),
  )
  expect(found(result)).toEqual(["LR2031 2:32", "LR2022 2:65", "LR2022 3:50"])
})

test("several syntax errors and imports that do not exist come together", async () => {
  const result = await load(
    folder({
      "llmrouter.config.ts":
        'import { a } from "./a.ts"\nimport { b } from "./b.ts"\nexport default { providers: {}, a, b }\n',
    }),
  )
  expect(found(result)).toEqual(["LR2005 1:19", "LR2005 2:19"])
})

test("mistakes of several files are told apart", async () => {
  const cwd = folder({
    "llmrouter.config.ts":
      'import { groups } from "./groups.ts"\nexport default { providers: { demo: { type: "demo" } }, groups, port: 1 }\n',
    "groups.ts": 'export const groups = { fast: ["dmo/demo"] }\n',
  })
  const result = await load(cwd)
  expect(result.ok ? [] : result.diagnostics.map(({ file, line }) => [file, line])).toEqual([
    [`${cwd}/llmrouter.config.ts`, 2],
    [`${cwd}/groups.ts`, 1],
  ])
})

test("warnings come with a config that works", async () => {
  const result = await load(
    folder({
      "llmrouter.config.ts":
        'export default { providers: { openai: { type: "openai" }, demo: { type: "demo" } }, auth: { keys: ["short"] } }\n',
    }),
  )
  expect(result.ok).toBe(true)
  expect(found(result)).toEqual(["LR2061 1:31", "LR2063 1:100"])
})

test("a key that comes twice in a program is found when it is looked for", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { groups } from "./groups.ts"
export default { providers: { demo: { type: "demo" } }, groups }
`,
    "groups.ts": `export const groups = {
  fast: ["demo/a"],
  slow: ["demo/b"],
  "fast": ["demo/c"],
}
`,
  })
  expect((await load(cwd)).ok).toBe(true)
  const result = await load(cwd, { thorough: true })
  expect(result.ok ? [] : result.diagnostics).toMatchObject([
    { code: "LR2011", file: `${cwd}/groups.ts`, line: 4, column: 3, length: 6 },
  ])
})
