/** Bun's `fetch` runs 256 requests at a time, all upstreams together, unless told otherwise at start. */
const NAME = "BUN_CONFIG_MAX_HTTP_REQUESTS"
const CAPACITY = "20000"

/**
 * Starts this process again, in place and with the same id, when its environment does not allow for
 * enough simultaneous upstream requests: Bun reads the number only once, before any of our code.
 */
export function ensureCapacity(): void {
  if (process.env[NAME] || process.platform === "win32") return
  // Bun's own restarts would be lost.
  if (process.execArgv.some((flag) => flag === "--watch" || flag === "--hot")) return
  const own = Bun.isStandaloneExecutable ? [] : [...process.execArgv, process.argv[1]!]
  process.execve!(process.execPath, [process.execPath, ...own, ...process.argv.slice(2)], {
    ...process.env,
    [NAME]: CAPACITY,
  })
}
