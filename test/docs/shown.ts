import { mkdtemp, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dir, "../..")
const MAIN = join(root, "src/cli/main.ts")
/** Where the manual says that the router is. */
const ADDRESS = "http://127.0.0.1:8080"

/** A router that runs as the manual says, without a config, and a folder in which its examples run. */
export interface Shown {
  readonly folder: string
  /** The first block of this language that holds `text`, with the router's real address. */
  snippet(page: string, language: string, text: string): string
  /** Runs a program in the folder. @returns what it wrote to standard output */
  run(command: string[], env?: Record<string, string>): Promise<string>
  /** Runs `llmrouter` in the folder. */
  llmrouter(args: string[], env?: Record<string, string>): Promise<string>
  close(): Promise<void>
}

export async function startShown(): Promise<Shown> {
  const folder = await mkdtemp(join(tmpdir(), "llmrouter-shown-"))
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  const base = { PATH: process.env["PATH"] ?? "", HOME: folder }
  const router = Bun.spawn([process.execPath, MAIN, "--port", "0"], {
    cwd: folder,
    env: base,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
  const url = await listening(router.stdout)

  async function run(command: string[], env: Record<string, string> = {}): Promise<string> {
    const child = Bun.spawn(command, {
      cwd: folder,
      env: { ...base, ...env },
      stdout: "pipe",
      stderr: "pipe",
    })
    const [output, errors, status] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    if (status === 0) return output
    throw new Error(`${command.join(" ")} ended with ${status}: ${errors}${output}`)
  }

  return {
    folder,
    snippet(page, language, text) {
      const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
      const block = blocks.find(([, name, code]) => name === language && code?.includes(text))
      if (!block?.[2]) throw new Error(`there is no ${language} block with \`${text}\``)
      return block[2].replaceAll(ADDRESS, url)
    },
    run,
    llmrouter: (args, env) => run([process.execPath, MAIN, ...args], env),
    async close() {
      router.kill()
      await router.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
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
