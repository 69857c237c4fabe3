import { defineCommand } from "citty"
import { EXIT, fail } from "./exit.ts"

/** `llmrouter health`: asks a running router, for container health checks. */
export const healthCommand = defineCommand({
  meta: {
    name: "health",
    description: "Asks the router on this machine whether it is alive (exit status 0 or 4)",
  },
  args: {
    port: { type: "string", description: "Its port (default: PORT, else 8080)" },
    host: { type: "string", description: "Its address", default: "127.0.0.1" },
  },
  async run({ args }) {
    const url = `http://${args.host}:${args.port ?? process.env["PORT"] ?? "8080"}/health/live`
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
      if (response.ok) {
        process.stdout.write("ok\n")
        return
      }
      fail(EXIT.network, `${url} answered ${response.status}`)
    } catch {
      fail(EXIT.network, `nothing answers at ${url}`)
    }
  },
})
