import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { answerText, tokenText } from "../support/upstream/index.ts"
import { type Heard, silence } from "../matrix/talk.ts"
import { each, pairs, relayed, type Rig, startRig } from "./rig.ts"

setDefaultTimeout(30_000)

const stalls = (ms: number) => ({ timeouts: { stall: `${ms}ms` } })
const text = (tokens: number) => Array.from({ length: tokens }, (_, n) => tokenText(n)).join("")

/** What each client gets while it waits, be it the upstream's or the router's own. */
const ALIVE: Record<string, RegExp> = {
  "openai-chat": /^: /m,
  "openai-responses": /^: /m,
  "anthropic-messages": /^event: ping\n/m,
  gemini: /"parts":\[\{"text":""\}\]|^: /m,
}

let rig: Rig
beforeAll(async () => {
  rig = await startRig(
    {
      S02: ["role|tok:5|gate|err:overloaded|fin", "ok"],
      S03: ["role|tok:5|gate|cut", "ok"],
      S04: ["role|tok:5|gate|fin", "ok"],
      "S05-chat": ["role|tok:5|finish:stop|fin", "ok"],
      S06: ["role|tok:5|gate|rst", "ok"],
      S09: [{ does: "role|tok:20|ping:50ms|stall", ...stalls(700) }, "ok"],
      S10: [
        "comment:OPENROUTER PROCESSING|role|comment:ping - 2|tok:3|ping:20ms|stall:150|tok:2|done",
      ],
      "S12-begin": ["role|junk|tok:5|done", "ok"],
      S12: ["role|tok:5|gate|junk|tok:5|done", "ok"],
      S21: [
        async (_, say) => ({
          headers: { "content-type": "text/event-stream" },
          body: Buffer.concat([
            await say("role|tok:5|done"),
            Buffer.from(": late\n\ndata: [DONE]\n\n"),
          ]),
        }),
      ],
    },
    { config: { server: { keepAlive: "100ms" } } },
  )
})
afterAll(() => rig.close())

/** What was said stays, one error is told, and nobody makes up an end or asks anyone else. */
async function breaksOff(
  scenario: string,
  said: string,
  { alive, torn = false }: { alive?: Record<string, RegExp>; torn?: boolean } = {},
) {
  await each(pairs, async (pair) => {
    const { status, heard, text } = await rig.ask(scenario, pair)
    if (alive)
      expect([pair.name, text]).toEqual([
        pair.name,
        expect.stringMatching(alive[pair.client.ingress]!),
      ])
    // A connection that breaks may take the last bytes with it.
    const whole = torn ? heard.text !== "" && said.startsWith(heard.text) : heard.text === said
    const told = [pair.name, status, whole, heard.error?.message, heard.ended]
    expect(told).toEqual([pair.name, 200, true, expect.any(String), false])
    expect([pair.name, ...rig.counts(scenario, pair)]).toEqual([pair.name, 1, 0])
    const [row] = await rig.rows(scenario, pair)
    expect([pair.name, row]).toMatchObject([
      pair.name,
      { attempts: 1, error: expect.stringMatching(/^upstream-/), stream: 1 },
    ])
    // Where the upstream says nothing of tokens before its end, nothing is made up either.
    expect(["reported", "missing", "estimated"]).toContain(row!["usage"] as string)
  })
}

test("S02 an error event after content is told in the client's own protocol, and nothing is tried again", async () => {
  await breaksOff("S02", text(5))
})

test("S04 a stream that ends without its terminal event is no answer", async () => {
  await breaksOff("S04", text(5))
})

test("S05 an answer that has said why it stopped gets the terminal event that it lacks", async () => {
  const { heard, text } = await rig.ask("S05-chat")
  expect([heard.text, heard.finish, heard.error]).toEqual([answerText(5), "stop", undefined])
  expect(text).toEndWith("data: [DONE]\n\n")
  const [row] = await rig.rows("S05-chat")
  expect(row).toMatchObject({ status: 200, error: null })
})

test("S06 a stream that is reset or cut in the middle ends with an error", async () => {
  await breaksOff("S06", text(5), { torn: true })
  await breaksOff("S03", text(5), { torn: true })
})

test("S09 silence in the middle ends with an error, keepalives of both sides or not", async () => {
  await breaksOff("S09", text(20), { alive: ALIVE })
  await each(pairs, async (pair) => {
    expect(rig.seen("S09", pair, 0)[0]!.aborted).toBe(true)
  })
})

test("S10 keepalives and comments of the upstream are no content and break nothing", async () => {
  await each(pairs, async (pair) => {
    const { status, heard } = await rig.ask("S10", pair)
    const told = [pair.name, status, heard.text, heard.error, heard.ended]
    expect(told).toEqual([pair.name, 200, text(3) + text(2), undefined, true])
  })
})

test("S12 an event that is no JSON is never left out in silence", async () => {
  await each(pairs, async (pair) => {
    const { status, heard } = await rig.ask("S12-begin", pair)
    expect([pair.name, status, heard.ended]).toEqual([pair.name, 200, true])
    const response = await rig.send("S12", pair)
    let told = ""
    for await (const part of response.body!) {
      told += Buffer.from(part).toString()
      rig.seen("S12", pair, 0)[0]!.gate.open()
    }
    // Translated, it is an error; a relay may leave it to the client, byte for byte.
    const failed = told.includes("is no JSON")
    const untouched = relayed.includes(pair) && /^data: \{.*[a-z]$/m.test(told)
    expect([pair.name, failed !== untouched]).toEqual([pair.name, true])
    expect(rig.counts("S12", pair)).toEqual([1, 0])
  })
})

test("S21 what comes after the end is left out, and harms no later request", async () => {
  const clean: Partial<Heard> = { ...silence(), text: answerText(5), ended: true, finish: "stop" }
  // Gemini's streams have no end but that of the connection.
  for (const pair of pairs.filter(({ target }) => target.id !== "gemini")) {
    for (let turn = 0; turn < 3; turn++) {
      const { heard } = await rig.ask("S21", pair)
      const { text, ended, finish, error } = heard
      expect([pair.name, turn, { text, ended, finish, error }]).toEqual([
        ...[pair.name, turn],
        { text: clean.text, ended: true, finish: "stop", error: undefined },
      ] as never)
    }
  }
})
