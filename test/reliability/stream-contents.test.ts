import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { TOOLS } from "../matrix/cases.ts"
import { answerText } from "../support/upstream/index.ts"
import { exactArgs } from "../support/upstream/calls.ts"
import { ASK, chat, type Does, each, pairs, relayed, type Rig, startRig, STREAM } from "./rig.ts"

setDefaultTimeout(30_000)

const SSE = { "content-type": "text/event-stream" }

/** The stream of a script with its text changed. */
const changed =
  (script: string, change: (text: string) => string): Does =>
  async (_, say) => ({ headers: SSE, body: change((await say(script)).toString()) })

const COUNT = /("[A-Za-z_]*[Tt]oken(?:s|Count|_count)")\s*:\s*\d+/g
/** What no count of tokens is. */
const SENSELESS = ["-5", "1e30", "9007199254740993", "null", '"12"']

const LEAD_ON = [204, 205, 300, 304, 408, 425, 500, 502, 503, 520, 521, 525, 529, 530, 599]
const REFUSE = [400, 413, 418, 422, 451]

/** A rejected status without a body, and then a good one. */
const then = (status: number) => [() => ({ status, body: "" }), "ok"] as const

let rig: Rig
beforeAll(async () => {
  rig = await startRig({
    ...Object.fromEntries(
      SENSELESS.map((number, n) => [
        `S19-${n}`,
        [changed("role|tok:5|done", (text) => text.replace(COUNT, `$1:${number}`))],
      ]),
    ),
    "S19-growing": [
      changed("role|tok:5|done", (text) => {
        let n = 0
        const usage = () =>
          `"usage":{"prompt_tokens":11,"completion_tokens":${n++},"total_tokens":${10 + n}}`
        return text.replaceAll('"usage":null', usage)
      }),
    ],
    "S19-twice": ["role|tok:5|finish:stop|usage|usage|raw:data: [DONE]\\n\\n"],
    "S19-none": ["role|tok:5|finish:stop|raw:data: [DONE]\\n\\n"],
    "S20-mixed": ["role|tok:2|tool:2;mix;exact|done"],
    "S20-bytes": ["split:1|role|tool:2;exact|done"],
    "S20-unnumbered": [
      changed("role|tool:2;exact|done", (text) =>
        text.replaceAll(/("tool_calls":\[\{)"index":\d,/g, "$1"),
      ),
    ],
    "S24-interim": ["interim:103|role|tok:5|done"],
    ...Object.fromEntries([...LEAD_ON, ...REFUSE].map((status) => [`S24-${status}`, then(status)])),
  })
})
afterAll(() => rig.close())

test("S19 counts of tokens that make no sense, or come often or never, end no answer", async () => {
  for (const n of SENSELESS.keys()) {
    await each(pairs, async (pair) => {
      const response = await rig.send(`S19-${n}`, pair)
      expect(await response.text()).toContain("Hello")
      const [row] = await rig.rows(`S19-${n}`, pair)
      const counts = ["input", "output", "cache_read", "cache_write", "reasoning"]
      expect(row).toMatchObject({ status: 200, error: null })
      for (const count of counts.map((name) => Number(row![name]))) {
        expect([pair.name, SENSELESS[n], Number.isSafeInteger(count) && count >= 0]).toEqual([
          ...[pair.name, SENSELESS[n], true],
        ])
      }
    })
  }
  for (const [scenario, usage] of Object.entries({
    "S19-growing": { usage: "reported", input: 11, output: 5 },
    "S19-twice": { usage: "reported", input: 11, output: 5 },
    "S19-none": { usage: "missing", input: 0, output: 0, cost: null },
  })) {
    const { heard } = await rig.ask(scenario)
    expect([scenario, heard.text, heard.ended]).toEqual([scenario, answerText(5), true])
    const [row] = await rig.rows(scenario)
    expect([scenario, row]).toMatchObject([scenario, usage])
  }
})

test("S20 parallel calls are put together, whoever mixes, cuts or forgets to number them", async () => {
  const expected = TOOLS.map(({ name }, index) => [name, JSON.parse(exactArgs(0, index))])
  const calls = async (scenario: string, pair = chat) => {
    const { heard } = await rig.ask(scenario, pair, { talk: { ...STREAM, tools: TOOLS } })
    expect([scenario, pair.name, heard.error, heard.finish]).toEqual([
      ...[scenario, pair.name, undefined, "tool_calls"],
    ])
    return heard.calls.map(({ name, args }) => [name, JSON.parse(args)])
  }
  await each(pairs, async (pair) => {
    // In the others, one call ends before the next begins.
    if (pair.target.id === chat.target.id) {
      expect([pair.name, await calls("S20-mixed", pair)]).toEqual([pair.name, expected])
    }
    expect([pair.name, await calls("S20-bytes", pair)]).toEqual([pair.name, expected])
  })
  const reading = pairs.filter(
    ({ client, target }) => target.id === "openai-chat" && client.ingress !== target.id,
  )
  for (const pair of reading) {
    expect([pair.name, await calls("S20-unnumbered", pair)]).toEqual([pair.name, expected])
  }
})

test("S24 every odd status is either led on from or passed on, and an interim answer is none", async () => {
  await each(pairs, async (pair) => {
    const { heard } = await rig.ask("S24-interim", pair)
    expect([pair.name, heard.text, heard.ended]).toEqual([pair.name, answerText(5), true])
  })
  await Promise.all(
    LEAD_ON.map((status) =>
      each(relayed, async (pair) => {
        const { heard } = await rig.ask(`S24-${status}`, pair, { talk: ASK })
        expect([status, pair.name, heard.error]).toEqual([status, pair.name, undefined])
        expect([status, ...rig.counts(`S24-${status}`, pair)]).toEqual([status, 1, 1])
      }),
    ),
  )
  await Promise.all(
    REFUSE.map((status) =>
      each(relayed, async (pair) => {
        const answer = await rig.ask(`S24-${status}`, pair, { talk: ASK })
        // Not every protocol has every one of them.
        expect([pair.name, [status, 400].includes(answer.status)]).toEqual([pair.name, true])
        expect([pair.name, answer.heard.error?.message]).toEqual([pair.name, expect.any(String)])
        expect([status, ...rig.counts(`S24-${status}`, pair)]).toEqual([status, 1, 0])
      }),
    ),
  )
})
