import { join } from "node:path"
import { MODEL } from "./payload.ts"
import { adopt } from "./family.ts"
import { firstAnswer, OTHER_CORE, pinned } from "./process.ts"
import type { Target } from "./target.ts"

/** Starts the upstream on the other core. As a target it is the direct way, that all else adds to. */
export async function startUpstream(): Promise<Target> {
  const command = pinned(OTHER_CORE, [process.execPath, join(import.meta.dir, "upstream.ts")])
  const started = performance.now()
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" })
  adopt(child)
  const { value } = await child.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(value))
  if (!port) throw new Error("the upstream of the bench did not start")
  const startup = await firstAnswer(`http://127.0.0.1:${port}/`, started)
  return {
    name: "direct",
    port,
    pid: child.pid,
    startup,
    chat: { path: "/v1/chat/completions", headers: {}, model: MODEL },
    async stop() {
      child.kill()
      await child.exited
    },
  }
}
