import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { str } from "../support/upstream/json-value.ts"
import { type Does, type Pair, type Rig, relayed, startRig } from "./rig.ts"

setDefaultTimeout(60_000)

const KEYS = ["sk-org-alpha1", "sk-org-beta22"]
const orgOf = (key: string | undefined) => `org${KEYS.indexOf(key ?? "")}`
const STATE = /("(?:encrypted_content|signature)":")([^"]+)"/g
const REJECTED: Record<string, string> = {
  responses:
    "status:400;code=invalid_encrypted_content;message=The encrypted content could not be verified.",
  messages: "status:400;message=messages.1.content.0: Invalid `signature` in `thinking` block",
}

/** Thinks in state that only its own organisation can read, and knows only its own answers. */
const organisation: Does = async ({ key, body, json, address }, say) => {
  const text = Buffer.from(body).toString()
  const own = orgOf(key)
  const foreign = [...text.matchAll(STATE)].some(([, , state]) => !state!.endsWith(own))
  if (foreign) return REJECTED[address.dialect]!
  const previous = str(json?.["previous_response_id"])
  if (previous && !previous.endsWith(own)) return "status:400;code=previous_response_not_found"
  const answer = (await say("role|think:2|tok:3|done")).toString()
  return {
    headers: { "content-type": "text/event-stream" },
    body: answer.replaceAll(STATE, `$1$2${own}"`).replaceAll(/("id":"resp_\w+)"/g, `$1${own}"`),
  }
}

const stateful = relayed.filter(({ target }) => target.dialect in REJECTED)
const [responses] = stateful as [Pair]

let rig: Rig
beforeAll(async () => {
  rig = await startRig(
    {
      "R08-turns": [organisation],
      "R08-sticky": { strategy: "cache-affinity", models: [organisation] },
      "R08-previous": [organisation],
    },
    { pairs: stateful, provider: { keys: KEYS } },
  )
})
afterAll(() => rig.close())

const THINK = { prompt: "Think.", stream: true, reasoning: true }

/** A conversation of so many turns that sends back all that it was told. */
async function converse(scenario: string, pair: Pair, turns: number) {
  const history: unknown[] = []
  for (let turn = 0; turn < turns; turn++) {
    const more = pair.client.body(rig.group(scenario, pair), THINK, history)
    const { status, heard } = await rig.ask(scenario, pair, { talk: THINK, more })
    expect([pair.name, turn, status, heard.error, heard.ended]).toEqual([
      ...[pair.name, turn, 200, undefined, true],
    ])
    history.push(...heard.history, { role: "user", content: "And then?" })
  }
}

test("R08 state of one organisation stays with it, or is left behind, and no caller sees it refused", async () => {
  for (const pair of stateful) {
    await converse("R08-sticky", pair, 6)
    const keys = rig.seen("R08-sticky", pair, 0).map(({ key }) => key)
    expect([pair.name, keys.length, new Set(keys).size]).toEqual([pair.name, 6, 1])

    await converse("R08-turns", pair, 4)
    const seen = rig.seen("R08-turns", pair, 0)
    expect(new Set(seen.map(({ key }) => key)).size).toBe(2)
    // Each refusal was followed by the same request without the state, to the same key.
    expect(seen.length).toBeGreaterThan(4)
  }

  // An answer that the router keeps is gone on from at its own key, and elsewhere as a whole conversation.
  const keep = { store: true }
  const first = await rig.ask("R08-previous", responses, { talk: THINK, more: keep })
  const more = { ...keep, input: "And then?", previous_response_id: first.heard.id }
  for (let turn = 0; turn < 4; turn++) {
    const { status, heard } = await rig.ask("R08-previous", responses, { talk: THINK, more })
    expect([turn, status, heard.error]).toEqual([turn, 200, undefined])
  }
  const [, ...later] = rig.seen("R08-previous", responses, 0)
  const ways = later.map(({ json }) => "previous_response_id" in json!)
  expect(new Set(ways)).toEqual(new Set([true, false]))
  // One that nobody keeps is said to be missing.
  const lost = await rig.ask("R08-previous", responses, {
    ...{ talk: THINK, more: { ...more, previous_response_id: "resp_nobody_has" } },
  })
  expect([lost.status, lost.heard.error?.code]).toEqual([400, "previous_response_not_found"])
})
