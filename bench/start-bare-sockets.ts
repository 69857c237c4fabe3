import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { MODEL } from "./payload.ts"
import { answers, freePort, start } from "./process.ts"
import { FLOOR } from "./results.ts"
import type { Place, Target } from "./target.ts"

/** Starts what only passes bytes on, in the runtime that the router is made for. */
export async function startBareSockets({ cores, upstreamPort, folder }: Place): Promise<Target> {
  const port = await freePort()
  await mkdir(folder, { recursive: true })
  const program = join(import.meta.dir, "bare-sockets.ts")
  const started = performance.now()
  const command = [process.execPath, program, String(port), String(upstreamPort)]
  const running = start(cores, command, folder)
  const startup = await answers(running, `http://127.0.0.1:${port}/health/live`, started)
  const chat = { path: "/v1/chat/completions", headers: {}, model: MODEL }
  return { name: FLOOR, port, startup, chat, ...running }
}
