import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

/** Path of an installed Chromium: `CHROMIUM_PATH`, or where packages put it. */
export const chromiumPath: string | undefined = [process.env["CHROMIUM_PATH"], ...CANDIDATES].find(
  (path) => path !== undefined && existsSync(path),
)

/** Whether tests that need a browser are skipped. Says so, so that nobody takes them for passed. */
export function withoutChromium(what: string): boolean {
  if (chromiumPath !== undefined) return false
  console.warn(
    `\nSKIPPED: ${what}: no Chromium in ${CANDIDATES.join(", ")}. Install it (apt-get install -y chromium) or set CHROMIUM_PATH.\n`,
  )
  return true
}

/** Starts the installed Chromium without a window. Close it when done. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("No Chromium is installed.")
  return chromium.launch({ executablePath: chromiumPath, args: FLAGS })
}
