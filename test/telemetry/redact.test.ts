import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { loadConfig } from "../../src/config/load.ts"
import { GatewayError } from "../../src/core/error.ts"
import type { UsageRow } from "../../src/core/ledger.ts"
import { createLogger } from "../../src/telemetry/log.ts"
import { createRedactor, redact } from "../../src/telemetry/redact.ts"
import { closing } from "../support/cleanup.ts"
import { emptyFolder } from "../support/program.ts"
import { keepLines } from "./sink.ts"

const use = closing()
const ROW = { id: "req_1", time: 0, duration: 1, ttft: null, cost: null, status: 502 } as UsageRow
const CANARIES = {
  caller: "caller-canary-1234",
  admin: 'admin"canary\\5678',
  provider: "provider.canary/90",
  header: "header+canary=1234",
}

const config = (auth: object) => ({
  providers: {
    p: {
      type: "openai-compatible",
      baseUrl: "http://127.0.0.1:9/v1",
      keys: [CANARIES.provider, "dummy"],
      headers: { "x-team": CANARIES.header },
    },
  },
  groups: { g: ["p/m"] },
  auth,
})

/** A logger over the settings of real config files. */
async function logging(format: "json" | "pretty") {
  const { path, close } = emptyFolder()
  await use({ close })
  const load = async (auth: object) => {
    const file = join(path, "llmrouter.config.json")
    writeFileSync(file, JSON.stringify(config(auth)))
    const loaded = await loadConfig({ path: file, cwd: path, env: {} })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics))
    return loaded.settings
  }
  let settings = await load({ keys: [CANARIES.caller], adminKey: CANARIES.admin })
  const { sink, lines } = keepLines()
  const clean = createRedactor(() => settings)
  return {
    log: createLogger(() => ({ level: "debug", format }), sink, clean),
    printed: () => lines.join(""),
    async reload(auth: object) {
      settings = await load(auth)
    },
  }
}

describe.each(["json", "pretty"] as const)("a %s log line", (format) => {
  test("shows none of the configured secrets, whatever they look like", async () => {
    const { log, printed } = await logging(format)
    const all = Object.values(CANARIES)
    for (const level of ["debug", "info", "warn", "error"] as const) {
      log[level](`about ${all.join(" ")}`, { cause: all.join("\n"), list: all })
    }
    log.request(ROW, new GatewayError("upstream-error", `it said: ${all.join(" ")}`))
    const text = printed()
    expect(text.split("\n").length).toBeGreaterThan(5)
    for (const part of ["caller-canary", "canary\\", "provider.canary", "header+canary"]) {
      expect(text).not.toContain(part)
    }
    expect(text).toContain("it said: [secret] [secret] [secret] [secret]")
  })

  test("keeps words that are the short keys of local servers", async () => {
    const { log, printed } = await logging(format)
    log.warn("a dummy word")
    expect(printed()).toContain("a dummy word")
  })

  test("does not show the secrets that the last reload has replaced either", async () => {
    const { log, printed, reload } = await logging(format)
    log.info("begins")
    await reload({ keys: ["caller-canary-abcd"] })
    log.warn(`${CANARIES.caller} caller-canary-abcd`)
    expect(printed()).toContain("[secret] [secret]")
    expect(printed()).not.toContain("caller-canary")
  })
})

const BODY = "abcDEF0123456789_-xyz"
const MARKS = ["sk", "gsk", "xai", "pplx", "nvapi", "csk", "tgp", "fw"].flatMap((mark) => [
  `${mark}-`,
  `${mark}_`,
])

test.each([...MARKS, "AIza", "Bearer ", "Bearer\t"])(
  "what looks like a key is taken out of any text: %j",
  (mark) => {
    expect(redact(`{"at":"${mark}${BODY}"}`)).toBe('{"at":"[secret]"}')
    expect(redact(`a ${mark} and ${BODY}`)).toBe(`a ${mark} and ${BODY}`)
  },
)
