import { unpackRoute } from "../../src/core/route-text.ts"
import { expect, test } from "bun:test"
import { closing, until } from "../support/cleanup.ts"
import { startFiltered } from "./filtered.ts"

const use = closing()
const CHAT = "/v1/chat/completions"
/** US dollars per million tokens of input; each request has about a thousand. */
const price = { input: 100, output: 100 }
const GUESS = 100_000_000
const ASK = {
  model: "g",
  messages: [{ role: "user", content: "word ".repeat(800) }],
  max_tokens: 9,
}

async function priced(scripts: readonly string[], providers: readonly object[] = []) {
  const limited = scripts.map((_, n) => ({ budget: "$9/day", ...providers[n] }))
  const { router, upstreams } = await startFiltered(
    scripts.map(() => ({ price })),
    { providers: limited },
  )
  await Promise.all([router, ...upstreams].map((each) => use(each)))
  for (const [n, script] of scripts.entries()) upstreams[n]!.script(script)
  const { spending, clock } = router.runtime.context
  /** Nano-USD spent at the nth provider, to a tenth of a request. */
  function spentAt(n: number): number {
    const provider = router.runtime.snapshot.settings.providers[n]!
    const { amount } = provider.budget!
    const hasRoom = (cost: number) =>
      spending.usedUpUntil(provider, cost, clock.now()) === undefined
    let spent = 0
    while (!hasRoom(amount - spent)) spent += GUESS / 10
    return spent
  }
  const attempts = async () => unpackRoute(String((await router.rows())[0]!["route"])).attempts
  return { router, spentAt, attempts }
}

test("a stream that its client has left costs its input at least", async () => {
  const { router, spentAt } = await priced(["role|tok:5|stall"])
  const client = new AbortController()
  const response = await fetch(router.url + CHAT, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...ASK, stream: true }),
    signal: client.signal,
  })
  await response.body!.getReader().read()
  client.abort()
  await until(async () => (await router.rows()).length === 1)
  const [row] = await router.rows()
  expect(row).toMatchObject({ status: 499, usage: "estimated", wasted: 0 })
  expect(row!["cost"]).toBeWithin(0.8 * GUESS, 1.5 * GUESS)
  expect(spentAt(0)).toBeWithin(0.8 * GUESS, 1.5 * GUESS)
})

test("so does one that broke off", async () => {
  const { router, spentAt } = await priced(["role|tok:5@20ms|cut"])
  expect(await (await router.post(CHAT, { ...ASK, stream: true })).text()).toContain("error")
  const [row] = await router.rows()
  expect(row).toMatchObject({ error: "upstream-truncated", usage: "estimated" })
  expect(row!["cost"]).toBeWithin(0.8 * GUESS, 1.5 * GUESS)
  expect(spentAt(0)).toBeWithin(0.8 * GUESS, 1.5 * GUESS)
})

test("what was waited for in vain was worked on, and what was refused was not", async () => {
  const hasty = { timeouts: { response: "100ms" } }
  const { router, spentAt, attempts } = await priced(["stall", "status:500", "ok"], [hasty])
  expect((await router.post(CHAT, ASK)).status).toBe(200)
  const [row] = await router.rows()
  const made = await attempts()
  expect(made.map(({ outcome }) => outcome)).toEqual(["upstream-timeout", "upstream-error", "ok"])
  expect(made[0]!.wasted).toBeWithin(0.8 * GUESS, 1.5 * GUESS)
  expect(made[1]!.wasted).toBe(0)
  expect(row!["wasted"]).toBe(made[0]!.wasted)
  expect([spentAt(0) > 0.8 * GUESS, spentAt(1), spentAt(2) < 0.2 * GUESS]).toEqual([true, 0, true])
})
