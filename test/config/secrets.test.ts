import { expect, test } from "bun:test"
import { renderDiagnostics } from "../../src/config/render.ts"
import { checkConfigFile } from "../../src/cli/check.ts"
import { folder, load } from "./folder.ts"

const SECRET = "sk-live-4f9a8b7c6d5e4f3a2b1c"
const PLAIN = "hunter2hunter2"

/** Everything that is ever shown of a config: diagnostics as data and as text, and what `check` prints. */
async function shownOf(files: Record<string, string>, env: Record<string, string> = {}) {
  const cwd = folder(files)
  const result = await load(cwd, { env })
  const diagnostics = [...result.warnings, ...(result.ok ? [] : result.diagnostics)]
  const text = await checkConfigFile({ cwd, env, color: false })
  const json = await checkConfigFile({ cwd, env, json: true })
  return {
    count: diagnostics.length,
    text: [
      JSON.stringify(result),
      Bun.inspect(result, { depth: 20 }),
      renderDiagnostics(diagnostics, { color: true }),
      text.stdout,
      text.stderr,
      json.stdout,
    ].join("\n"),
  }
}

test("a config that is fine prints no secret, wherever it came from", async () => {
  const shown = await shownOf(
    {
      "llmrouter.config.ts": `import { env, file } from "llmrouter"
export default { providers: { a: { type: "openai", keys: [env("K"), file("key"), "${PLAIN}"], headers: { authorization: env("K") } } } }
`,
      key: `${SECRET}-file`,
    },
    { K: SECRET },
  )
  expect(shown.text).toContain("3 keys")
  expect(shown.text).not.toContain(SECRET)
  expect(shown.text).not.toContain(PLAIN)
})

test("a secret in the wrong place is not printed with the mistake", async () => {
  const wrong = [
    `providers: { a: { type: "openai", apiKey: "${PLAIN}" } }`,
    `providers: { a: { type: "openai", keys: "${PLAIN}" } }`,
    `providers: { a: { type: "openai", keys: ["${PLAIN}", "${PLAIN}"] } }`,
    `providers: { a: { type: "openai", keys: ["${PLAIN} "] } }`,
    `providers: { a: { type: "${SECRET}" } }`,
    `providers: { a: { type: "demo", baseUrl: "${SECRET}" } }`,
    `providers: { a: { type: "demo", proxy: "socks5://user:${PLAIN}@127.0.0.1:1" } }`,
    `providers: { a: { type: "demo" } }, auth: { keys: "${PLAIN}" }`,
    `providers: { a: { type: "demo" } }, auth: { keys: ["${PLAIN}"], adminKey: "${PLAIN}" }`,
    `providers: { a: { type: "demo" } }, auth: { token: "${PLAIN}" }`,
    `providers: { a: { type: "demo" } }, groups: { fast: ["${SECRET}"] }`,
    `providers: { a: { type: "demo" } }, defaultGroup: "Bearer ${PLAIN}"`,
  ]
  for (const body of wrong) {
    const shown = await shownOf({ "llmrouter.config.ts": `export default { ${body} }\n` })
    expect(shown.count).toBeGreaterThan(0)
    expect({ body, leaks: shown.text.includes(PLAIN) || shown.text.includes(SECRET) }).toEqual({
      body,
      leaks: false,
    })
  }
})

test("a secret too short to be one is masked in the lines that are shown", async () => {
  const shown = await shownOf({
    "llmrouter.config.ts":
      'export default { providers: { demo: { type: "demo" } }, auth: { keys: ["pw1"], adminKey: "pw1" } }\n',
  })
  expect(shown.count).toBe(3)
  expect(shown.text).not.toContain("pw1")
})

test("a secret in the text of an error that the config throws is not printed", async () => {
  const shown = await shownOf(
    {
      "llmrouter.config.ts":
        'throw new Error("rejected: " + process.env["K"] + " and " + process.env["DB"])\n',
    },
    { K: SECRET, DB: `postgres://router:${PLAIN}@db/x` },
  )
  expect(shown.count).toBe(1)
  expect(shown.text).toContain("rejected: ")
  expect(shown.text).not.toContain(SECRET)
  expect(shown.text).not.toContain(PLAIN)
})

test("a masked line keeps its length, so that the caret still points at the mistake", async () => {
  const source = `export default { providers: { a: { type: "openai", keys: ["${SECRET}"], modls: ["m"] } } }`
  const result = await load(folder({ "llmrouter.config.ts": `${source}\n` }))
  const [diagnostic] = result.ok ? [] : result.diagnostics
  expect(diagnostic!.source).toBe(source.replace(SECRET, "*".repeat(SECRET.length)))
  expect(diagnostic!.source!.slice(diagnostic!.column! - 1).startsWith("modls")).toBe(true)
})
