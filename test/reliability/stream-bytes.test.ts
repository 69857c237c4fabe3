import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { answerText } from "../support/upstream/index.ts"
import { ASK, chat, type Does, each, pairs, type Pair, relayed, type Rig, startRig } from "./rig.ts"

setDefaultTimeout(60_000)

const SSE = { "content-type": "text/event-stream" }
const GOOD = "role|tok:5|done"
const ODD = "é你👩‍👩‍👧🏽 नमस्ते"
const LOOKALIKE = 'a\n\ndata: [DONE]\n\nevent: error\rb\r\n\r\nc\u2028\u2029\u0085d "error":{"'

/** What the script would send, written in another way, in pieces of this size. */
const respelled =
  (spell: (text: string) => string, size = Number.POSITIVE_INFINITY): Does =>
  async (_, say) => {
    const bytes = Buffer.from(spell((await say(GOOD)).toString()))
    return {
      headers: SSE,
      body: (async function* () {
        for (let at = 0; at < bytes.length; at += size) {
          yield bytes.subarray(at, at + size)
          await new Promise(setImmediate)
        }
      })(),
    }
  }

/** All of these mean the same to who reads server-sent events by their standard. */
const SPELLINGS: Record<string, (text: string) => string> = {
  CRLF: (text) => text.replaceAll("\n", "\r\n"),
  CR: (text) => text.replaceAll("\n", "\r"),
  mixed: (text) => {
    let turn = 0
    return text.replaceAll("\n\n", () => ["\n\n", "\r\n\r\n", "\r\r"][turn++ % 3]!)
  },
  tight: (text) => text.replaceAll(/^(data|event): /gm, "$1:"),
  mark: (text) => `\ufeff${text}`,
  fields: (text) => `retry: 5\nid: 1\n${text}`,
  lines: (text) => text.replaceAll(/^data: \{(?=")/gm, "data: {\ndata: "),
  comments: (text) => `: hello\n\n${text.replaceAll("\n\n", "\n\n: ping\n\n")}`,
}

const splits = [1, 2, 3, 7]
let rig: Rig
beforeAll(async () => {
  rig = await startRig({
    ...Object.fromEntries(splits.map((n) => [`S14-${n}`, [`split:${n}|say:${ODD}`]])),
    "S15-one": [`split:1|${GOOD}`],
    "S15-megabyte": ["role|line:1m|done"],
    ...Object.fromEntries(
      Object.entries(SPELLINGS).flatMap(([name, spell]) => [
        [`S15-${name}`, [respelled(spell)]],
        [`S15-${name}-cut`, [respelled(spell, 5)]],
      ]),
    ),
    S16: ["role|line:32m|done"],
    "S16-over": ["role|line:65m|done", "ok"],
    S17: [`say:${LOOKALIKE}`],
    ...Object.fromEntries(["gz", "br", "zstd"].map((how) => [`S18-${how}`, [`${how}|${GOOD}`]])),
    S22: [respelled((text) => text.trimEnd())],
    ...Object.fromEntries(
      ["text/plain", "text/html", "application/octet-stream"].map((type, n) => [
        `S23-${n}`,
        [`${GOOD}|type:${type}`],
      ]),
    ),
    "S23-document": [
      async (_, say) => ({
        headers: { "content-type": "application/json" },
        body: await say(GOOD, false),
      }),
    ],
    "S23-stream": [async (_, say) => ({ headers: SSE, body: await say(GOOD, true) })],
  })
})
afterAll(() => rig.close())

/** The answer is there, whole, with its end and what it has cost. */
async function isGood(scenario: string, of: readonly Pair[] = pairs, text = answerText(5)) {
  await each(of, async (pair) => {
    const { status, headers, heard } = await rig.ask(scenario, pair)
    const told = [pair.name, status, heard.error, heard.ended]
    expect([scenario, ...told]).toEqual([scenario, pair.name, 200, undefined, true])
    // Of megabytes, only whether they are the same.
    if (text.length < 1000)
      expect([scenario, pair.name, heard.text]).toEqual([scenario, pair.name, text])
    else
      expect([pair.name, heard.text.length, heard.text === text]).toEqual([
        pair.name,
        text.length,
        true,
      ])
    expect(headers.get("content-type")).toStartWith("text/event-stream")
    expect(headers.get("content-encoding")).toBeNull()
  })
}

test("S14 a text beyond ASCII that is cut anywhere arrives as it is", async () => {
  for (const size of splits) await isGood(`S14-${size}`, pairs, ODD)
})

test("S15 every spelling of the standard is the same answer, one byte a packet or a megabyte", async () => {
  await isGood("S15-one")
  await isGood("S15-megabyte", pairs, "x".repeat(1 << 20))
  for (const name of Object.keys(SPELLINGS)) {
    await isGood(`S15-${name}`)
    await isGood(`S15-${name}-cut`)
  }
})

test("S16 a line of 32 MB passes, and one that is larger than any may be leads on", async () => {
  const text = "x".repeat(32 << 20)
  for (const pair of [...relayed, pairs.at(-1)!]) await isGood("S16", [pair], text)
  for (const pair of [chat, pairs.at(-1)!]) {
    const { status, headers } = await rig.ask("S16-over", pair)
    expect([pair.name, status, headers.get("x-llmrouter-attempts")]).toEqual([pair.name, 200, "2"])
  }
})

test("S17 a text that looks like the protocol stays text", async () => {
  await isGood("S17", pairs, LOOKALIKE)
})

test("S18 compressed events come out plain, and say so", async () => {
  for (const how of ["gz", "br", "zstd"]) await isGood(`S18-${how}`)
})

test("S22 a last event without its blank line is delivered", async () => {
  await isGood("S22")
})

test("S23 a type that does not fit is no fault, nor is the other way to answer", async () => {
  for (const n of [0, 1, 2]) await isGood(`S23-${n}`)
  await isGood("S23-document")
  await each(pairs, async (pair) => {
    const { status, headers, heard } = await rig.ask("S23-stream", pair, { talk: ASK })
    expect([pair.name, status, heard.text]).toEqual([pair.name, 200, answerText(5)])
    expect(headers.get("content-type")).toStartWith("application/json")
  })
})
