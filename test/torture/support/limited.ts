import { COMMAND } from "../../support/program.ts"

/** Starts the router as a process that may open only so many files, and waits until it listens. */
export async function limited(cwd: string, files: number) {
  const shell = ["sh", "-c", `ulimit -n ${files}; exec "$@"`, "sh"]
  const { PATH = "", HOME = "/" } = process.env
  const child = Bun.spawn([...shell, ...COMMAND, "--port", "0"], {
    cwd,
    env: { PATH, HOME, NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  let printed = ""
  const { promise: listening, resolve } = Promise.withResolvers<string>()
  const follow = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      printed += decoder.decode(chunk, { stream: true })
      const found = /http:\/\/127\.0\.0\.1:\d+(?=\/v1\s|\/v1")/.exec(printed)
      if (found) resolve(found[0])
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
    /** The exit status, or null while it runs. */
    status: () => child.exitCode,
    output: () => printed,
    async close() {
      child.kill("SIGKILL")
      await child.exited
    },
  }
}
