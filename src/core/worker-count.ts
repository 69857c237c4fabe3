import { availableParallelism } from "node:os"

/** Processes that may share one port. */
export const MOST_WORKERS = 64

/** How many processes a setting asks for. */
export function workerCount(setting: number | "auto"): number {
  return setting === "auto" ? Math.min(availableParallelism(), MOST_WORKERS) : setting
}
