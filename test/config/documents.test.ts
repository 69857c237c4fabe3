// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of JSON and YAML configs
import { expect, test } from "bun:test"
import { folder, load, loadSettings } from "./folder.ts"

const ENV = {
  OPENAI: "sk-0123456789abcdef",
  TEAM: "search",
  PORT_NUMBER: "9100",
  YES: "true",
  URL: "http://127.0.0.1:8000",
}

const YAML = `
# yaml-language-server: $schema=./llmrouter.schema.json
providers:
  openai:
    type: openai
    keys: ["\${OPENAI}", "\${file:key}", "\${NO_SUCH:-sk-default-0123456789}"]
    headers: { x-team: "team-\${TEAM}" }
    extraBody: { metadata: { team: "\${TEAM}", price: "$5 $\${x}" } }
  local:
    type: openai-compatible
    baseUrl: \${URL}/v1/
    timeouts: { connect: "\${NO_SUCH:-2s}" }
groups:
  fast: [openai/gpt-5.4-mini, local/qwen3:8b]
server:
  port: \${PORT_NUMBER}
  compression: "\${YES}"
`

test("YAML and JSON take plain text and secrets from the environment, with defaults", async () => {
  const json = JSON.stringify(Bun.YAML.parse(YAML))
  for (const [name, text] of [
    ["llmrouter.config.yaml", YAML],
    ["llmrouter.config.json", json],
  ] as const) {
    const cwd = folder({ [name]: text, key: "sk-from-a-file\n" })
    const { providers, server } = await loadSettings(cwd, { env: ENV })
    const [openai, local] = providers
    expect(openai!.keys.map((key) => key.reveal())).toEqual([
      "sk-0123456789abcdef",
      "sk-from-a-file",
      "sk-default-0123456789",
    ])
    expect(openai!.keys[0]!.origin).toBe("env OPENAI")
    const header = openai!.headers["x-team"]
    expect(typeof header === "string" ? header : header!.reveal()).toBe("team-search")
    expect(JSON.parse(openai!.extraBody["metadata"]!)).toEqual({ team: "search", price: "$5 ${x}" })
    expect(local!.baseUrl).toBe("http://127.0.0.1:8000/v1")
    expect(local!.timeouts).toEqual({ connect: 2000 })
    expect([server.port, server.compression]).toEqual([9100, true])
  }
})

test("a placeholder in a TypeScript config is plain text", async () => {
  const cwd = folder({
    "llmrouter.config.ts":
      'export default { providers: { a: { type: "demo", extraBody: { x: "${TEAM}" } } } }\n',
  })
  const { providers } = await loadSettings(cwd, { env: ENV })
  expect(providers[0]!.extraBody).toEqual({ x: '"${TEAM}"' })
})

test("a placeholder whose text is no number is a value of the wrong kind", async () => {
  const cwd = folder({
    "llmrouter.config.yaml": "providers: { demo: { type: demo } }\nserver: { port: '${TEAM}' }\n",
  })
  const result = await load(cwd, { env: ENV })
  expect(result.ok ? [] : result.diagnostics).toMatchObject([
    { code: "LR2022", line: 2, column: 17, message: expect.stringContaining('not "search"') },
  ])
})

test("a placeholder inside a free value that cannot be filled in is not passed on silently", async () => {
  const cwd = folder({
    "llmrouter.config.yaml":
      "providers:\n  demo: { type: demo, extraBody: { a: [1, { b: 'x ${NO_SUCH}' }] } }\n",
  })
  const result = await load(cwd, { env: ENV })
  expect(result.ok ? [] : result.diagnostics).toMatchObject([
    { code: "LR2014", line: 2, message: expect.stringContaining("NO_SUCH is not set") },
  ])
})

test("a YAML value left empty is told apart from one that was meant", async () => {
  const cwd = folder({
    "llmrouter.config.yaml": "providers:\n  demo: { type: demo }\ngroups:\n",
  })
  const result = await load(cwd)
  expect(result.ok ? [] : result.diagnostics).toMatchObject([
    { code: "LR2022", line: 3, message: expect.stringContaining("not null") },
  ])
})

test("two YAML documents in one file are an error", async () => {
  const cwd = folder({
    "llmrouter.config.yaml": "providers: { demo: { type: demo } }\n---\nproviders: {}\n",
  })
  const result = await load(cwd)
  expect(result.ok ? [] : result.diagnostics.map(({ code }) => code)).toEqual(["LR2004"])
})

test("a JSON key named __proto__ is an unknown key like any other", async () => {
  const cwd = folder({
    "llmrouter.config.json": '{ "providers": { "demo": { "type": "demo" } }, "__proto__": {} }',
  })
  const result = await load(cwd)
  expect(result.ok ? [] : result.diagnostics).toMatchObject([{ code: "LR2020", column: 48 }])
})

test("`$schema` is allowed for editors", async () => {
  const cwd = folder({
    "llmrouter.config.json":
      '{ "$schema": "./llmrouter.schema.json", "providers": { "demo": { "type": "demo" } } }',
  })
  expect((await load(cwd)).ok).toBe(true)
})
