import type { Settings } from "../core/settings.ts"

/** Bun's `fetch` runs 256 requests at a time, all upstreams together, unless told otherwise at start. */
const NAME = "BUN_CONFIG_MAX_HTTP_REQUESTS"
const CAPACITY = "20000"

/**
 * Starts this process again, in place and with the same id, when upstreams are reached by `fetch`,
 * that is through proxies, and its environment does not allow for enough requests at a time: Bun
 * reads the number only once, before any of our code.
 */
export function ensureCapacity({ providers }: Settings): void {
  if (process.env[NAME] || process.platform === "win32") return
  if (!hasProxy(process.env) && providers.every(({ proxy }) => proxy === undefined)) return
  // Bun's own restarts would be lost.
  if (process.execArgv.some((flag) => flag === "--watch" || flag === "--hot")) return
  const own = Bun.isStandaloneExecutable ? [] : [...process.execArgv, process.argv[1]!]
  process.execve!(process.execPath, [process.execPath, ...own, ...process.argv.slice(2)], {
    ...process.env,
    [NAME]: CAPACITY,
  })
}

/** Whether the environment names a proxy for requests to upstreams. */
function hasProxy(env: NodeJS.ProcessEnv): boolean {
  return ["http_proxy", "https_proxy"].some((name) => env[name] || env[name.toUpperCase()])
}
