import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { TOOLS } from "../matrix/cases.ts"
import type { Client } from "../matrix/talk.ts"
import { until } from "../support/cleanup.ts"
import { str } from "../support/upstream/json-value.ts"
import { resultOf } from "../support/upstream/loop.ts"
import { type Does, type Pair, relayed, type Rig, startRig } from "./rig.ts"

setDefaultTimeout(60_000)

const KEYS = ["sk-account-key-a", "sk-account-key-b", "sk-account-key-c", "sk-account-key-d"]
const TURNS = 20
/** The turn at which the key of the session fails. */
const FAILS_AT = 8
/** Turns in which it has to rest. */
const RESTS = 3

const of = (ingress: string) => relayed.find(({ client }) => client.ingress === ingress)!
const SESSION = "8f76dee9-5a4c-4d57-9f5a-0f3c2c1b7a11"

interface Agent {
  pair: Pair
  headers: Record<string, string>
  /** What it says anew each turn, beside the conversation. */
  more(turn: number): object
}

/** What real agents send (research/clients.md). Their opening changes, so that only what names it counts. */
const AGENTS: Record<string, Agent> = {
  "Claude Code": {
    pair: of("anthropic-messages"),
    headers: {
      ...{ "user-agent": "claude-cli/2.1.329 (external, sdk-cli)", "x-app": "cli" },
      ...{ "x-claude-code-session-id": SESSION, "x-stainless-timeout": "600" },
      "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14",
    },
    more: (turn) => ({
      system: [
        { type: "text", text: `x-anthropic-billing-header: cc_version=2.1.329.${turn};` },
        { type: "text", text: "You are a Claude agent.", cache_control: { type: "ephemeral" } },
      ],
    }),
  },
  opencode: {
    pair: of("anthropic-messages"),
    headers: {
      "user-agent": "opencode/1.18.33 ai-sdk/provider-utils/4.0.46 runtime/bun/1.3.14",
      "x-session-affinity": `ses_${SESSION}`,
    },
    more: (turn) => ({ system: [{ type: "text", text: `Turn ${turn} of an agent.` }] }),
  },
  Codex: {
    pair: of("openai-responses"),
    headers: {
      ...{ "user-agent": "codex_exec/0.169.0 (Debian 12.0.0; x86_64)", originator: "codex_exec" },
      ...{ "session-id": SESSION, "thread-id": SESSION },
    },
    more: (turn) => ({
      ...{ instructions: `It is turn ${turn}.`, store: false, prompt_cache_key: SESSION },
      include: ["reasoning.encrypted_content"],
    }),
  },
  "a program without a name": {
    pair: of("openai-responses"),
    headers: { "user-agent": "python-requests/2.32" },
    more: () => ({ instructions: "You are an agent.", store: false }),
  },
}
const FAILURES: Record<string, string> = { "429": "status:429;ra=3", "500": "status:500" }

/** Keys that fail now, by scenario. */
const failing = new Map<string, string>()
const nameOf = (agent: string, failure: string) => `${agent.replaceAll(" ", "-")}-${failure}`
const behaviour =
  (scenario: string, failure: string): Does =>
  ({ key }) =>
    failing.get(scenario) === key ? FAILURES[failure]! : `loop:${TURNS};plain`

let rig: Rig
beforeAll(async () => {
  const groups = Object.keys(AGENTS).flatMap((agent) =>
    Object.keys(FAILURES).map((failure) => {
      const name = nameOf(agent, failure)
      return [name, { strategy: "cache-affinity", models: [behaviour(name, failure)] }] as const
    }),
  )
  rig = await startRig(Object.fromEntries(groups), {
    pairs: relayed,
    provider: { keys: KEYS },
    config: { cooldown: { server: "3s" } },
  })
})
afterAll(() => rig.close())

const sayResult = ({ args }: Parameters<Parameters<Client["results"]>[1]>[0]) =>
  resultOf(str((JSON.parse(args) as { city: unknown }).city))

for (const [agent, { pair, headers, more }] of Object.entries(AGENTS)) {
  for (const failure of Object.keys(FAILURES)) {
    const told = `answers ${failure} at turn ${FAILS_AT}`
    test.concurrent(`${agent} stays on one key of four, leaves it when it ${told}, and returns`, async () => {
      const scenario = nameOf(agent, failure)
      const talk = { prompt: "Look around.", tools: TOOLS, reasoning: true, stream: true }
      const history: unknown[] = []
      const turns: string[] = []
      const requests = () => rig.seen(scenario, pair, 0)
      const channels = async () => (await rig.health(scenario, pair, 0)).channels
      for (let turn = 1; turn <= TURNS; turn++) {
        if (turn === FAILS_AT) failing.set(scenario, turns[0]!)
        if (turn === FAILS_AT + RESTS) {
          failing.delete(scenario)
          await until(async () => (await channels()).every(({ state }) => state !== "paused"))
        }
        const { client } = pair
        const own = { ...client.body(rig.group(scenario, pair), talk, history), ...more(turn) }
        const { status, heard } = await rig.ask(scenario, pair, { talk, headers, more: own })
        expect([turn, status, heard.error]).toEqual([turn, 200, undefined])
        turns.push(requests().at(-1)!.key!)
        history.push(...heard.history, ...client.results(heard.calls, sayResult))
      }
      const [home] = turns as [string]
      const away = turns[FAILS_AT - 1]!
      expect(away).not.toBe(home)
      // Bound to the other key while its own rests, and home again as soon as that is usable, and warm.
      expect(turns).toEqual([
        ...Array<string>(FAILS_AT - 1).fill(home),
        ...Array<string>(RESTS).fill(away),
        ...Array<string>(TURNS - FAILS_AT - RESTS + 1).fill(home),
      ])
      // The failure cost one request more, and nothing else was asked.
      expect(requests().length).toBe(TURNS + 1)
    })
  }
}
