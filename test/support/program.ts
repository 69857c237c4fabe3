import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const ROOT = join(import.meta.dir, "../..")

/** The router as a command: the executable that `LLMROUTER_BINARY` names, else the source. */
export const COMMAND: readonly string[] = process.env["LLMROUTER_BINARY"]
  ? [resolve(ROOT, process.env["LLMROUTER_BINARY"])]
  : [process.execPath, join(ROOT, "src/cli/main.ts")]

/** An empty folder of its own, away from any config above it. */
export function emptyFolder(): { path: string; close(): void } {
  const path = mkdtempSync(join(tmpdir(), "llmrouter-e2e-"))
  return { path, close: () => rmSync(path, { recursive: true, force: true }) }
}

/** An environment without the keys and settings of whoever runs the tests. */
function cleanEnv(extra: Record<string, string>): Record<string, string> {
  const { PATH = "", HOME = "/", TMPDIR } = process.env
  return { PATH, HOME, NO_COLOR: "1", ...(TMPDIR && { TMPDIR }), ...extra }
}

export interface Finished {
  status: number
  stdout: string
  stderr: string
}

/** Runs one command to its end. */
export async function run(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Finished> {
  const child = Bun.spawn([...COMMAND, ...args], {
    cwd,
    env: cleanEnv(env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const [stdout, stderr, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { status, stdout, stderr }
}

export interface Program {
  readonly url: string
  readonly pid: number
  /** Everything printed so far, both outputs. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** The exit status, or null while it runs. */
  status(): number | null
  /** Exit status; 128 + n after a signal. */
  readonly exited: Promise<number>
  close(): Promise<void>
}

/**
 * Starts the router as a process of its own and waits until it listens.
 *
 * @param under a command that runs it, such as a shell that sets limits first
 */
export async function serve(
  cwd: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  under: readonly string[] = [],
): Promise<Program> {
  const child = Bun.spawn([...under, ...COMMAND, "--port", "0", ...args], {
    cwd,
    env: cleanEnv(env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  let printed = ""
  const { promise: listening, resolve: listens } = Promise.withResolvers<string>()
  const follow = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      printed += decoder.decode(chunk, { stream: true })
      const found = /http:\/\/127\.0\.0\.1:\d+(?=\/v1\s|\/v1")/.exec(printed)
      if (found) listens(found[0])
    }
  }
  const ends = Promise.all([follow(child.stdout), follow(child.stderr)])
  const url = await Promise.race([
    listening,
    ends.then(() => {
      throw new Error(`the router ended before it listened:\n${printed}`)
    }),
  ])
  return {
    url,
    pid: child.pid,
    output: () => printed,
    kill: (signal) => child.kill(signal),
    status: () => child.exitCode,
    exited: child.exited,
    async close() {
      child.kill("SIGKILL")
      await child.exited
    },
  }
}
