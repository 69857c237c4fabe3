import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { MODEL } from "./payload.ts"
import { answers, freePort, start } from "./process.ts"
import type { Place, Target } from "./target.ts"

/** Starts nginx as a plain reverse proxy: one process, connections kept alive, no log. */
export async function startNginx({ cores, upstreamPort, folder }: Place): Promise<Target> {
  const port = await freePort()
  await mkdir(folder, { recursive: true })
  const config = join(folder, "nginx.conf")
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join("\n")
  await Bun.write(
    config,
    `daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
${paths}
  access_log off;
  client_max_body_size 64m;
  client_body_buffer_size 16m;
  upstream mock { server 127.0.0.1:${upstreamPort}; keepalive 1024; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
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
  const running = start(cores, ["nginx", "-p", folder, "-e", "stderr", "-c", config], folder)
  const startup = await answers(running, `http://127.0.0.1:${port}/health/live`, started)
  const chat = { path: "/v1/chat/completions", headers: {}, model: MODEL }
  return { name: "nginx", port, startup, chat, ...running }
}
