import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Shown, startShown } from "./shown.ts"

const root = join(import.meta.dir, "../..")
const readme = await readFile(join(root, "README.md"), "utf8")

let shown: Shown
beforeAll(async () => {
  shown = await startShown()
})
afterAll(() => shown.close())

const snippet = (language: string, text: string) => shown.snippet(readme, language, text)

describe("README.md", () => {
  test("has a curl line that answers when it is pasted", async () => {
    const answer = JSON.parse(await shown.run(["sh", "-c", snippet("sh", "curl")]))
    expect(answer.choices[0].message.content).not.toBe("")
    expect(answer.usage.total_tokens).toBeGreaterThan(0)
  })

  test("has a TypeScript program that answers when it is run", async () => {
    await Bun.write(join(shown.folder, "it.ts"), snippet("ts", "new OpenAI"))
    expect((await shown.run([process.execPath, "it.ts"])).trim()).not.toBe("")
  })

  // The official SDK for Python is not a dependency: where it is not installed, this cannot run.
  const python = Bun.spawnSync(["python3", "-c", "import openai"]).exitCode === 0
  test.skipIf(!python)("has a Python program that streams when it is run", async () => {
    await Bun.write(join(shown.folder, "it.py"), snippet("python", "OpenAI("))
    expect((await shown.run(["python3", "it.py"])).trim()).not.toBe("")
  })

  test("has a config without a mistake", async () => {
    await Bun.write(join(shown.folder, "shown.config.ts"), snippet("ts", "defineConfig("))
    const keys = { OPENAI_KEY_1: "sk-1", OPENAI_KEY_2: "sk-2", ANTHROPIC_API_KEY: "sk-ant-1" }
    const more = { ...keys, ROUTER_KEY: "a-key-of-the-router-0123456789" }
    await shown.llmrouter(["check", "shown.config.ts"], more)
    const broken = shown.llmrouter(["check", "no-such.config.ts"])
    await expect(broken).rejects.toThrow("ended with 3")
  })

  test("names files that exist", async () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path ?? "")
    expect(links.length).toBeGreaterThan(4)
    const missing: string[] = []
    for (const path of links) if (!(await Bun.file(join(root, path)).exists())) missing.push(path)
    expect(missing).toEqual([])
  })
})
