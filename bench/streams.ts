import { join } from "node:path"
import { CHUNKS } from "./payload.ts"
import { OTHER_CORE, pinned } from "./process.ts"

export interface StreamResult {
  chunks: number
  perSecond: number
}

/** Reads streams, so many at once, for so many seconds. @throws when one was not whole. */
export async function readStreams(
  port: number,
  kind: "paced" | "fast",
  width: number,
  seconds: number,
): Promise<StreamResult> {
  const client = join(import.meta.dir, "stream-client.ts")
  const command = [process.execPath, client, port, kind, width, seconds].map(String)
  const child = Bun.spawn(pinned(OTHER_CORE, command), { stderr: "inherit" })
  const report: { finished: number; failed: number; seconds: number } = JSON.parse(
    await new Response(child.stdout).text(),
  )
  if (report.failed > 0 || report.finished === 0) {
    throw new Error(`${report.failed} streams from port ${port} failed, ${report.finished} did not`)
  }
  const chunks = report.finished * CHUNKS
  return { chunks, perSecond: chunks / report.seconds }
}
