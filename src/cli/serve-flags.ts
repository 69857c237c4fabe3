import { MOST_WORKERS } from "../core/worker-count.ts"
import { EXIT, fail } from "./exit.ts"
import type { ServeFlags } from "./serving.ts"

/** The flags of `serve`, read. Ends the process where one makes no sense. */
export function readServeFlags(args: {
  host?: string | undefined
  port?: string | undefined
  workers?: string | undefined
}): ServeFlags {
  return { host: args.host, port: portOf(args.port), workers: workersOf(args.workers) }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port
  fail(EXIT.usage, `the port \`${text}\` is no number from 0 to 65535`)
}

function workersOf(text: string | undefined): number | "auto" | undefined {
  if (text === undefined || text === "" || text === "auto") return text || undefined
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS) return count
  fail(
    EXIT.usage,
    `\`--workers ${text}\` is neither a number from 1 to ${MOST_WORKERS} nor \`auto\``,
  )
}
