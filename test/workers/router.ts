import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { childrenOf, connectToEach } from "../support/connections.ts"
import { queryLedger } from "../support/ledger-file.ts"
import { emptyFolder, type Program, serve } from "../support/program.ts"

/** A router of several processes, over a config of a test. */
export interface WorkersRouter extends Program {
  readonly folder: string
  readonly file: string
  /** Its workers' processes now. */
  workers(): number[]
  /** A connection to each of them. */
  connections(): ReturnType<typeof connectToEach>
  /** Every row of the ledger that is stored. */
  rows(): Record<string, unknown>[]
}

/** Starts it and waits until all of its workers serve. */
export async function startWorkers(
  config: Record<string, unknown>,
  args: readonly string[] = ["--workers", "2"],
): Promise<WorkersRouter> {
  const { path: folder, close } = emptyFolder()
  const file = join(folder, "llmrouter.config.json")
  writeFileSync(file, JSON.stringify(config))
  const program = await serve(folder, args)
  const workers = () => childrenOf(program.pid)
  return {
    ...program,
    folder,
    file,
    workers,
    connections: () => connectToEach(program.url, workers()),
    rows: () => queryLedger<Record<string, unknown>>(folder, "SELECT * FROM usage"),
    async close() {
      await program.close()
      close()
    },
  }
}

/** One upstream after the other, as a group `g`. */
export function over(
  upstreams: readonly { url: string }[],
  rest: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    providers: Object.fromEntries(
      upstreams.map(({ url }, index) => [
        `u${index}`,
        { type: "openai-compatible", baseUrl: url, keys: [`key-${index}-123456789`] },
      ]),
    ),
    groups: { g: { models: upstreams.map((_, index) => `u${index}/ok`) } },
    ...rest,
  }
}

export const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }
export const CHAT = "/v1/chat/completions"
