import { createColours } from "../core/colours.ts"

/** Exit statuses of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, config: 3, network: 4 } as const

/** Says what is wrong on standard error and ends the process. */
export function fail(status: number, message: string): never {
  const colour = process.stderr.isTTY === true && !process.env["NO_COLOR"]
  process.stderr.write(`${createColours(colour).red("error")}: ${message}\n`)
  process.exit(status)
}
