import { afterEach, describe, expect, test } from "bun:test"
import { type Router, startRouter } from "../support/router.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const KEYS = ["key-a", "key-b", "key-c", "key-d"]

/** A router over one account with four keys. */
async function fourKeys(strategy: string): Promise<{ router: Router; upstream: Upstream }> {
  const upstream = await startUpstream({ script: "ok" })
  const router = await startRouter({
    providers: { u: { type: "openai-compatible", baseUrl: upstream.url, keys: KEYS } },
    groups: { g: { strategy, models: ["u/ok"] } },
    cooldown: { rateLimit: "300ms" },
  })
  open.push(router, upstream)
  return { router, upstream }
}

interface Message {
  role: string
  content: string
}

/** An agent that sends its whole conversation again at each turn, and names it nowhere. */
function agent({ router, upstream }: { router: Router; upstream: Upstream }, task: string) {
  const messages: Message[] = [
    { role: "system", content: "You are an agent. ".repeat(300) },
    { role: "user", content: task },
  ]
  /** @returns the key that answered */
  return async (): Promise<string> => {
    const response = await router.post("/v1/chat/completions", { model: "g", messages })
    expect(response.status).toBe(200)
    const answer = (await response.json()) as { choices: { message: Message }[] }
    messages.push(answer.choices[0]!.message, { role: "user", content: `and ${messages.length}` })
    return upstream.requests.at(-1)!.key!
  }
}

describe.each(["cache-affinity", "adaptive"])("%s", (strategy) => {
  test("an agent's 20 turns stay on one of four keys, and agents spread over them", async () => {
    const made = await fourKeys(strategy)
    const agents = Array.from({ length: 24 }, (_, i) => agent(made, `Task ${i}`))
    const homes: string[] = []
    for (const turn of agents) homes.push(await turn())
    expect(new Set(homes).size).toBe(4)
    const keys = new Set<string>()
    for (let i = 1; i < 20; i++) keys.add(await agents[0]!())
    expect(keys).toEqual(new Set([homes[0]!]))
  })
})

test("an agent's session leaves a key that is limited, unnoticed, and returns while that is warm", async () => {
  const made = await fourKeys("cache-affinity")
  const turn = agent(made, "Fix it.")
  const home = await turn()
  made.upstream.script(({ key }) => (key === home ? "status:429" : undefined))
  const away = await turn()
  expect(away).not.toBe(home)
  expect(await turn()).toBe(away)
  made.upstream.script("ok")
  let key = away
  for (const end = Date.now() + 10_000; key === away && Date.now() < end; ) key = await turn()
  expect(key).toBe(home)
  expect(await turn()).toBe(home)
})

test("sessions that a header names are as many as the header says", async () => {
  const { router, upstream } = await fourKeys("cache-affinity")
  const ask = async (session: string, content: string) => {
    const body = { model: "g", messages: [{ role: "user", content }] }
    await router.post("/v1/chat/completions", body, { "x-llmrouter-session": session })
    return upstream.requests.at(-1)!.key!
  }
  const home = await ask("one", "a")
  for (const content of ["b", "c", "d", "e", "f"]) expect(await ask("one", content)).toBe(home)
  const others = new Set<string>()
  for (let i = 0; i < 24; i++) others.add(await ask(`other ${i}`, "a"))
  expect(others.size).toBe(4)
})
