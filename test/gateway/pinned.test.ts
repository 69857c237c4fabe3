import { afterEach, describe, expect, test } from "bun:test"
import { startFiltered } from "./filtered.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const CHAT = "/v1/chat/completions"
const ASK = { model: "g$0", messages: [{ role: "user", content: "hi" }] }
const EU = "caller-key-of-the-eu-0001"

/** Asks for channel 0 of a group whose other channel would be right. */
async function pinned(...[deployments, options]: Parameters<typeof startFiltered>) {
  const { router, upstreams } = await startFiltered(deployments, options)
  open.push(router, ...upstreams)
  return {
    async ask(headers?: Record<string, string>, body: object = ASK) {
      const response = await router.post(CHAT, body, headers)
      const { error } = (await response.json()) as { error?: { code: string; message: string } }
      return { status: response.status, ...error }
    },
    counts: () => upstreams.map((upstream) => upstream.count()),
  }
}

describe("a pinned channel", () => {
  test("is no way out of the region or the tags that a key is bound to", async () => {
    for (const bound of [{ region: "eu" }, { tags: ["eu"] }]) {
      const { ask, counts } = await pinned([{ region: "us" }, { region: "eu", tags: ["eu"] }], {
        auth: { keys: [{ key: EU, name: "eu", ...bound }] },
      })
      const { status, code, message } = await ask({ authorization: `Bearer ${EU}` })
      expect([status, code]).toEqual([400, "no_capable_deployment"])
      expect(message).toContain("eu")
      expect(counts()).toEqual([0, 0])
      const other = { ...ASK, model: "g$1" }
      expect((await ask({ authorization: `Bearer ${EU}` }, other)).status).toBe(200)
    }
  })

  test("is no way past a provider's budget", async () => {
    const { ask, counts } = await pinned([{ price: { input: 1, output: 1 } }, {}], {
      providers: [{ budget: "$0.000000001" }],
    })
    expect(await ask()).toMatchObject({ status: 429, code: "budget_exceeded" })
    expect(counts()).toEqual([0, 0])
  })

  test("keeps its own limits", async () => {
    const { ask, counts } = await pinned([{ limits: { rpm: 1 } }, {}])
    expect((await ask()).status).toBe(200)
    expect(await ask()).toMatchObject({ status: 429, code: "rate_limit_exceeded" })
    expect(counts()).toEqual([1, 0])
  })

  test("is asked for what its model is thought to lack", async () => {
    const { ask, counts } = await pinned([{ capabilities: { tools: false } }, {}])
    const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }]
    expect((await ask({}, { ...ASK, tools })).status).toBe(200)
    expect(counts()).toEqual([1, 0])
  })
})
