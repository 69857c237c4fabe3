import { basename } from "node:path"
import type { ReloadStatus } from "../runtime.ts"

/** The last reload in short, without the source lines that the log and the admin API show. */
export function reloadSummary({ time, ok, failure }: ReloadStatus) {
  return {
    ok,
    time: new Date(time).toISOString(),
    ...(failure && {
      mistakes: failure.diagnostics.map(({ code, message, file, line, column }) => ({
        code,
        message,
        ...(file && { at: [basename(file), line, column].filter(Boolean).join(":") }),
      })),
    }),
  }
}
