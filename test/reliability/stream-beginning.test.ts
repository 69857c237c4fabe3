import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { answerText, DEFAULT_TOKENS } from "../support/upstream/index.ts"
import { ASK, each, type Pair, pairs, type Rig, STREAM, startRig } from "./rig.ts"

setDefaultTimeout(30_000)

/** Long enough for a good answer on a busy machine. */
const HASTY = { timeouts: { firstByte: "400ms", firstContent: "800ms" } }

let rig: Rig
beforeAll(async () => {
  rig = await startRig({
    S01: ["role|err:overloaded|fin", "ok"],
    "S01-alone": { models: ["role|err:overloaded|fin"], retries: 0 },
    "S03-begin": ["role|cut", "ok"],
    "S03-reset": ["role|rst", "ok"],
    S07: [{ does: "stall", ...HASTY }, "ok"],
    S08: [{ does: "hdr|role|stall", ...HASTY }, "ok"],
    "S08-alive": [{ does: "ping:50ms|hdr|role|stall", ...HASTY }, "ok"],
    "S11-nothing": ["hdr|fin", "ok"],
    "S11-role": ["role|fin", "ok"],
    "S11-said": ["role|done", "ok"],
    "S13-error": ["err:overloaded", "ok"],
    "S13-page": ["html", "ok"],
    "S13-nothing": ["empty", "ok"],
    "S13-null": ["json:null", "ok"],
    "S13-list": ["json:[]", "ok"],
  })
})
afterAll(() => rig.close())

/** The first deployment was asked, and the caller got the second one's answer, and nothing else. */
async function leadsOn(scenario: string, talk = {}, of: readonly Pair[] = pairs) {
  await each(of, async (pair) => {
    const { status, headers, heard } = await rig.ask(scenario, pair, talk)
    const told = [pair.name, status, heard.text, heard.error, heard.ended]
    expect(told).toEqual([pair.name, 200, answerText(DEFAULT_TOKENS), undefined, true])
    expect([pair.name, ...rig.counts(scenario, pair)]).toEqual([pair.name, 1, 1])
    expect(headers.get("x-llmrouter-attempts")).toBe("2")
    const [row] = await rig.rows(scenario, pair)
    expect(row).toMatchObject({ status: 200, error: null, attempts: 2 })
  })
}

test("S01 an error event before content leads to the next upstream", async () => {
  await leadsOn("S01")
  await each(pairs, async (pair) => {
    const { status, headers, heard } = await rig.ask("S01-alone", pair)
    expect([pair.name, status >= 429, status]).toEqual([pair.name, true, status])
    expect(headers.get("content-type")).toStartWith("application/json")
    expect([pair.name, heard.error?.message]).toEqual([pair.name, expect.any(String)])
  })
})

test("S03 a stream that is cut before content leads to the next upstream", async () => {
  await leadsOn("S03-begin")
  await leadsOn("S03-reset")
})

test("S07 silence before the headers leads to the next upstream", async () => {
  await leadsOn("S07")
  for (const pair of pairs) expect(rig.seen("S07", pair, 0)[0]!.aborted).toBe(true)
})

test("S08 silence after the role leads to the next upstream, keepalives or not", async () => {
  await leadsOn("S08")
  await leadsOn("S08-alive")
  for (const pair of pairs) expect(rig.seen("S08-alive", pair, 0)[0]!.aborted).toBe(true)
})

test("S11 a stream of nothing leads to the next upstream; an answer of nothing is the model's own", async () => {
  await leadsOn("S11-nothing")
  await leadsOn("S11-role")
  for (const talk of [STREAM, ASK]) {
    await each(pairs, async (pair) => {
      const { status, heard } = await rig.ask("S11-said", pair, { talk })
      const told = [pair.name, status, heard.text, heard.error, heard.finish, heard.ended]
      expect(told).toEqual([pair.name, 200, "", undefined, "stop", true])
    })
  }
  for (const pair of pairs) expect(rig.counts("S11-said", pair)).toEqual([2, 0])
})

test("S13 an error, a page or nothing under status 200 leads to the next upstream", async () => {
  for (const kind of ["error", "page", "nothing", "null", "list"]) {
    await leadsOn(`S13-${kind}`, { talk: ASK })
  }
})
