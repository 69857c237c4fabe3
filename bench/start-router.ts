import { existsSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { KINDS, MODEL } from "./payload.ts"
import { answers, freePort, start } from "./process.ts"
import type { Address, Place, Target } from "./target.ts"

const root = join(import.meta.dir, "..")

/** The executable, where one was built; `LLMROUTER_BINARY` names another. */
export const BINARY = process.env["LLMROUTER_BINARY"] ?? join(root, "dist/llmrouter")

/** The key that the bench calls with. */
export const CALLER_KEY = "sk-bench-0123456789abcdef0123456789abcdef"

/** The executable, or the source where none was built. */
export function routerProgram(): string[] {
  return existsSync(BINARY) ? [BINARY] : [process.execPath, join(root, "src/cli/main.ts")]
}

/**
 * A router with everything on: callers need a key, two deployments with two keys each are chosen among,
 * the breaker watches them, usage is written, and the log is as it is by default.
 */
export function routerConfig(
  upstreamPort: number,
  port: number,
  workers?: number,
): Record<string, unknown> {
  const mock = (keys: string[]) => ({
    type: "openai-compatible",
    baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
    keys,
  })
  return {
    providers: { one: mock(["sk-one-1", "sk-one-2"]), two: mock(["sk-two-1", "sk-two-2"]) },
    groups: Object.fromEntries(
      [MODEL, ...KINDS.map((kind) => `${MODEL}-${kind}`)].map((name) => [
        name,
        { strategy: "round-robin", models: [`one/${name}`, `two/${name}`] },
      ]),
    ),
    auth: { keys: [{ key: CALLER_KEY, name: "bench" }] },
    server: { host: "127.0.0.1", port, ...(workers && { workers }) },
  }
}

/** Starts the router; `change` makes another config of the usual one. */
export async function startRouter(
  { cores, upstreamPort, folder, workers }: Place,
  change: (config: Record<string, unknown>) => object = (config) => config,
): Promise<Target> {
  const port = await freePort()
  await mkdir(folder, { recursive: true })
  const config = join(folder, "llmrouter.config.json")
  await Bun.write(config, JSON.stringify(change(routerConfig(upstreamPort, port, workers))))
  const started = performance.now()
  const running = start(cores, [...routerProgram(), "--config", config], folder)
  const startup = await answers(running, `http://127.0.0.1:${port}/health/live`, started)
  return { ...routerAddress(port), startup, ...running }
}

/** How a router with this config is asked. */
export function routerAddress(port: number): Required<Address> {
  const headers = { authorization: `Bearer ${CALLER_KEY}` }
  return {
    name: "llmrouter",
    port,
    chat: { path: "/v1/chat/completions", headers, model: MODEL },
    messages: {
      path: "/v1/messages",
      headers: { ...headers, "anthropic-version": "2023-06-01" },
      model: MODEL,
    },
  }
}
