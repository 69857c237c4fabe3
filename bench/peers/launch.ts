import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { KINDS, MODEL, requestBody } from "../payload.ts"
import { firstAnswer, start } from "../process.ts"
import type { Place, Route, Target } from "../target.ts"
import { lastWords } from "./last-words.ts"

/** The key that every peer is given for the upstream, and that it is asked with. */
export const KEY = "sk-bench"

/** How a peer is started and asked. */
export interface Launch {
  name: string
  port: number
  command: readonly string[]
  env?: Readonly<Record<string, string>>
  chat: Route
  messages?: Route
}

/** How most peers take chat completions. */
export function chatRoute(model: string): Route {
  return { path: "/v1/chat/completions", headers: { authorization: `Bearer ${KEY}` }, model }
}

/** How most of those that take Anthropic's messages do. */
export function messagesRoute(model: string): Route {
  return { path: "/v1/messages", headers: { "x-api-key": KEY }, model }
}

/** Every model that the bench asks for: of messages, the model says how the upstream answers. */
export const models = [MODEL, ...KINDS.map((kind) => `${MODEL}-${kind}`)]

/** Options of a command line: `--name value` each. */
export function optionsOf(options: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
}

/** How many cores `taskset --cpu-list` means by a list without ranges. */
export function countCores(cores: string): number {
  return cores.split(",").length
}

/** Starts a peer's program and waits until it has answered a chat completion. @throws what it said last. */
export async function launch(
  { cores, folder }: Place,
  { name, port, command, env, chat, messages }: Launch,
): Promise<Target> {
  await mkdir(folder, { recursive: true })
  // What it says is kept for when it does not come up. The shell becomes the program.
  const log = join(folder, "log.txt")
  const started = performance.now()
  const running = start(cores, ["sh", "-c", 'exec "$@" 2> "$0"', log, ...command], folder, env)
  const gone = new AbortController()
  const ended = running.exited.then((status): never => {
    gone.abort()
    throw new Error(`it ended with status ${status}`)
  })
  const answer = firstAnswer(`http://127.0.0.1:${port}${chat.path}`, started, {
    method: "POST",
    headers: { "content-type": "application/json", ...chat.headers },
    body: requestBody("plain", chat.model),
    signal: gone.signal,
  })
  try {
    const startup = await Promise.race([answer, ended])
    return { name, port, startup, chat, ...(messages && { messages }), ...running }
  } catch (error) {
    await running.stop()
    const said = lastWords(await Bun.file(log).text())
    throw new Error(`${name} did not come up, ${(error as Error).message}: ${said}`)
  }
}
