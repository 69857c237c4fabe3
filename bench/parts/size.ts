import { existsSync } from "node:fs"
import { gzipSync } from "node:zlib"
import type { Part } from "../part.ts"
import { BINARY } from "../start-router.ts"

const MEGABYTE = 1_000_000

/** How large the executable is. */
export const sizePart: Part = {
  name: "size",
  metrics: [
    { id: "size.plain", label: "executable", unit: "MB", digits: 1 },
    { id: "size.gzipped", label: "executable, gzipped", unit: "MB", digits: 1 },
  ],
  repeats: () => 1,
  async measure({ name }) {
    if (name !== "llmrouter" || !existsSync(BINARY)) return undefined
    const bytes = await Bun.file(BINARY).bytes()
    const gzipped = gzipSync(bytes, { level: 6 }).byteLength
    return { "size.plain": bytes.byteLength / MEGABYTE, "size.gzipped": gzipped / MEGABYTE }
  },
}
