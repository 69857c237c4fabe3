import { existsSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { MODEL, requestBody } from "./payload.ts"
import { firstAnswer, freePort, MEASURED_CORE, OTHER_CORE, pinned, start } from "./process.ts"

const root = join(import.meta.dir, "..")
const BINARY = join(root, "dist/llmrouter")

/** Something that answers chat completions on a port. */
export interface Target {
  name: string
  port: number
  pid: number
  /** Milliseconds from its start to its first 200. */
  startup: number
  stop(): Promise<void>
}

/** The mock upstream, on the other core. */
export async function startUpstream(): Promise<Target> {
  const command = pinned(OTHER_CORE, [process.execPath, join(import.meta.dir, "upstream.ts")])
  const started = performance.now()
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  const port = Number(new TextDecoder().decode(value))
  if (!port) throw new Error("the upstream of the bench did not start")
  const startup = await firstAnswer(`http://127.0.0.1:${port}/`, started)
  return {
    name: "direct",
    port,
    pid: child.pid,
    startup,
    async stop() {
      child.kill()
      await child.exited
    },
  }
}

/** nginx as a plain reverse proxy: one worker, connections to the upstream kept alive, no log. */
export async function startNginx(folder: string, upstream: number): Promise<Target> {
  const port = await freePort()
  const config = join(folder, "nginx.conf")
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/nginx-${name};`)
    .join("\n")
  await Bun.write(
    config,
    `daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx-${port}.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
${paths}
  access_log off;
  upstream mock { server 127.0.0.1:${upstream}; keepalive 256; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000000;
    location / {
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header connection "";
      proxy_buffering off;
    }
  }
}
`,
  )
  const started = performance.now()
  const command = ["nginx", "-p", folder, "-e", "stderr", "-c", config]
  const running = start(MEASURED_CORE, command, folder)
  const startup = await firstAnswer(`http://127.0.0.1:${port}/health/live`, started)
  return { name: "nginx", port, startup, ...running }
}

/** The router: the executable, or the source where none was built. Usage is kept, as by default. */
export async function startRouter(folder: string, upstream: number): Promise<Target> {
  const port = await freePort()
  const home = join(folder, `router-${port}`)
  await mkdir(home, { recursive: true })
  const config = join(home, "llmrouter.config.json")
  await Bun.write(
    config,
    JSON.stringify({
      providers: {
        mock: { type: "openai-compatible", baseUrl: `http://127.0.0.1:${upstream}/v1` },
      },
      groups: { [MODEL]: [`mock/${MODEL}`] },
      server: { host: "127.0.0.1", port },
      log: { level: "warn" },
    }),
  )
  const program = existsSync(BINARY) ? [BINARY] : [process.execPath, join(root, "src/cli/main.ts")]
  const started = performance.now()
  const running = start(MEASURED_CORE, [...program, "--config", config], home)
  const startup = await firstAnswer(`http://127.0.0.1:${port}/health/live`, started)
  return { name: "llmrouter", port, startup, ...running }
}

/** Asks once and looks at the answer, so that nothing fast but wrong is measured. */
export async function verify({ name, port }: Target): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: requestBody("plain"),
  })
  const text = await answer.text()
  if (!answer.ok || !text.includes("It takes a request")) {
    throw new Error(`${name} does not answer as it should: ${answer.status} ${text.slice(0, 500)}`)
  }
}

/** Where the router that is measured comes from. */
export function measuredProgram(): string | undefined {
  return existsSync(BINARY) ? BINARY : undefined
}
