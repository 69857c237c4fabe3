import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { UsageRow } from "../../src/core/ledger.ts"
import { createLogger } from "../../src/telemetry/log.ts"
import { keepLines } from "./sink.ts"

const ROW: UsageRow = {
  id: "req_1",
  time: 0,
  key: null,
  operation: "chat",
  requested: "",
  group: null,
  deployment: null,
  channel: null,
  status: 404,
  error: null,
  stream: false,
  attempts: 0,
  ttft: null,
  duration: 1,
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: 0,
  usage: "missing",
  cost: null,

  wasted: 0,
  continued: 0,
  mirrorOf: null,
  route: null,
  client: "",
}

function logger(colour = false) {
  const { sink, lines } = keepLines({ isTTY: true, colour })
  return { log: createLogger(() => ({ level: "debug", format: "pretty" }), sink), lines }
}

/** What moves a cursor, clears a screen, breaks a line or turns the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
const EVIL = "a\x1b[2Jb\x9b31mc\r\n12:00:00  200  forged\u2028d\u202ee\x7f\0"

test("a line of JSON has the facts of a request, and leaves its way to the ledger", () => {
  const { sink, lines } = keepLines()
  const log = createLogger(() => ({ level: "info", format: "json" }), sink)
  log.request({ ...ROW, route: JSON.stringify({ candidates: ["u/ok#-"] }) }, undefined)
  const { time: _time, route: _route, ...facts } = ROW
  const line = JSON.parse(lines[0]!) as object
  expect(line).toEqual({ ...facts, time: expect.any(String), level: "info", message: "request" })
})

describe("a pretty log line", () => {
  test.each(["requested", "group", "deployment", "key"])(
    "prints no control character of a request's %s",
    (field) => {
      const { log, lines } = logger()
      log.request({ ...ROW, [field]: EVIL }, undefined)
      expect(lines).toHaveLength(1)
      expect(lines[0]!.slice(0, -1)).not.toMatch(CONTROLS)
      expect(lines[0]).toContain("forged")
    },
  )

  test("prints none of an error's message, of a message or of a fact either", () => {
    const { log, lines } = logger()
    log.request(ROW, new GatewayError("not-found", `The model \`${EVIL}\` does not exist.`))
    log.warn(`about ${EVIL}`, { model: EVIL, list: [EVIL] })
    for (const line of lines) expect(line.slice(0, -1)).not.toMatch(CONTROLS)
  })

  test("keeps the lines of a stack, each indented below the first", () => {
    const { log, lines } = logger()
    log.error("failed", { cause: "Error: x\n    at one\n12:00:00 forged\x1b[2J" })
    const [first, ...others] = lines[0]!.trimEnd().split("\n")
    expect(first).toContain("cause=Error: x")
    expect(others.map((line) => line.slice(0, 4))).toEqual(["    ", "    "])
    expect(lines[0]).not.toContain("\x1b")
  })

  test("keeps its own colours", () => {
    const { log, lines } = logger(true)
    log.request({ ...ROW, requested: "fast" }, new GatewayError("not-found", "no such model"))
    expect(lines[0]).toContain("\x1b[31m404\x1b[39m")
  })
})
