import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dir, "../..")
const MAIN = join(root, "src/cli/main.ts")
const ADDRESS = "http://127.0.0.1:8080"

const readme = await readFile(join(root, "README.md"), "utf8")

/** The first block of this language that holds `text`. */
function snippet(language: string, text: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
  const block = blocks.find(([, name, code]) => name === language && code?.includes(text))
  if (!block?.[2]) throw new Error(`README.md has no ${language} block with \`${text}\``)
  return block[2]
}

let folder = ""
let url = ""
let router: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined

const env = () => ({ PATH: process.env["PATH"] ?? "", HOME: folder })

/** Runs a program in the folder. @returns what it wrote to standard output */
async function run(command: string[], more: Record<string, string> = {}): Promise<string> {
  const child = Bun.spawn(command, {
    cwd: folder,
    env: { ...env(), ...more },
    stdout: "pipe",
    stderr: "pipe",
  })
  const [output, errors, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${errors}${output}`)
  return output
}

/** The address that the router says it listens on, in its first line that says so. */
async function listening(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true })
    const found = /"url":"([^"]+)\/v1"/.exec(text)?.[1]
    if (found) return found
  }
  throw new Error(`the router ended without listening: ${text}`)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmrouter-readme-"))
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  router = Bun.spawn([process.execPath, MAIN, "--port", "0"], {
    cwd: folder,
    env: env(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
  url = await listening(router.stdout)
})

afterAll(async () => {
  router?.kill()
  await router?.exited
  await rm(folder, { recursive: true, force: true })
})

describe("README.md", () => {
  test("has a curl line that answers when it is pasted", async () => {
    const line = snippet("sh", "curl").replaceAll(ADDRESS, url)
    const answer = JSON.parse(await run(["sh", "-c", line]))
    expect(answer.choices[0].message.content).not.toBe("")
    expect(answer.usage.total_tokens).toBeGreaterThan(0)
  })

  test("has a TypeScript program that answers when it is run", async () => {
    await Bun.write(join(folder, "it.ts"), snippet("ts", "new OpenAI").replaceAll(ADDRESS, url))
    expect((await run([process.execPath, "it.ts"])).trim()).not.toBe("")
  })

  // The official SDK for Python is not a dependency: where it is not installed, this cannot run.
  const python = Bun.spawnSync(["python3", "-c", "import openai"]).exitCode === 0
  test.skipIf(!python)("has a Python program that streams when it is run", async () => {
    await Bun.write(join(folder, "it.py"), snippet("python", "OpenAI(").replaceAll(ADDRESS, url))
    expect((await run(["python3", "it.py"])).trim()).not.toBe("")
  })

  test("has a config without a mistake", async () => {
    await Bun.write(join(folder, "llmrouter.config.ts"), snippet("ts", "defineConfig("))
    const keys = { OPENAI_KEY_1: "sk-1", OPENAI_KEY_2: "sk-2", ANTHROPIC_API_KEY: "sk-ant-1" }
    const more = { ...keys, ROUTER_KEY: "a-key-of-the-router-0123456789" }
    await run([process.execPath, MAIN, "check"], more)
    const broken = run([process.execPath, MAIN, "check", "--config", "no-such.config.ts"])
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
