import { lateOs } from "./late-modules.ts"

/** Processes that may share one port. */
export const MOST_WORKERS = 64

/** How many processes a setting asks for. */
export function workerCount(setting: number | "auto"): number {
  return setting === "auto" ? Math.min(lateOs().availableParallelism(), MOST_WORKERS) : setting
}
