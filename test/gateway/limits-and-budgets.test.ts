import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { until } from "../support/cleanup.ts"
import type { Router } from "../support/router.ts"
import { chat, startFiltered } from "./filtered.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const setUp = async (...asked: Parameters<typeof startFiltered>) => {
  const started = await startFiltered(...asked)
  open.push(started.router, ...started.upstreams)
  return started
}

describe("a deployment's limits", () => {
  test("of requests a minute are exact, however many come at once", async () => {
    const { ask, upstreams } = await setUp([{ limits: { rpm: 20 } }, {}])
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(...chat("hi"))))
    expect(answers.filter((deployment) => deployment === "u0/ok")).toHaveLength(20)
    expect(upstreams.map((upstream) => upstream.count())).toEqual([20, 40])
  })

  test("are exact for those who come from a deployment that failed", async () => {
    const { ask, upstreams } = await setUp([{}, { limits: { rpm: 5 } }, {}], {
      retries: { attempts: 3, backoff: "5ms", maxBackoff: "20ms" },
    })
    upstreams[0]!.script("status:500")
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(...chat("hi"))))
    expect(answers.filter((deployment) => deployment === "u1/ok")).toHaveLength(5)
    expect(answers.filter((deployment) => deployment === "u2/ok")).toHaveLength(25)
    expect(upstreams[1]!.count()).toBe(5)
  })

  test("of requests at the same time are exact, and free again afterwards", async () => {
    const { ask, upstreams } = await setUp([{ limits: { parallel: 3 } }, {}], {
      script: "slow:300ms|ok",
    })
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(...chat("hi"))))
      expect(answers.filter((deployment) => deployment === "u0/ok")).toHaveLength(3)
    }
    expect(upstreams.map((upstream) => upstream.count())).toEqual([6, 14])
  })

  test("of tokens a minute count what requests under way are expected to use", async () => {
    const { ask, upstreams } = await setUp([{ limits: { tpm: 2000 } }, {}], {
      script: "slow:300ms|ok",
    })
    const asked = chat("x".repeat(2000), { max_tokens: 100 })
    await Promise.all(Array.from({ length: 10 }, () => ask(...asked)))
    // Some 620 tokens each; in the end they used a fraction of that.
    expect(upstreams.map((upstream) => upstream.count())).toEqual([3, 7])
    expect(await ask(...asked)).toBe("u0/ok")
  })

  test("hold whoever asks for it, also by its own name", async () => {
    const { ask } = await setUp([{ limits: { rpm: 2 } }, {}])
    const [path, body] = chat("hi")
    expect(await ask(path, { ...body, model: "u0/ok" })).toBe("u0/ok")
    expect(await ask(path, body)).toBe("u0/ok")
    expect(await ask(path, body)).toBe("u1/ok")
    expect(await ask(path, { ...body, model: "u0/ok" })).toBe("429")
  })

  test("tell the caller until when, where nothing else is left", async () => {
    const { router } = await setUp([{ limits: { rpm: 1 } }])
    const [path, body] = chat("hi")
    expect((await router.post(path, body)).status).toBe(200)
    const limited = await router.post(path, body)
    expect(limited.status).toBe(429)
    expect(await limited.text()).toContain("has used up its 1 requests a minute")
    const seconds = Number(limited.headers.get("retry-after"))
    expect(seconds).toBeGreaterThan(50)
    expect(seconds).toBeLessThanOrEqual(61)
  })
})

describe("a provider's budget", () => {
  /** US dollars per million tokens: each request costs 0.16 cents, and is expected to cost a little more. */
  const price = { input: 100, output: 100 }
  const budget = "$0.02/day"
  const asked = chat("hi", { max_tokens: 5 })
  const DOLLAR = 1e9

  async function spentAt(router: Router, provider: string): Promise<number> {
    return (await router.rows())
      .filter(({ deployment }) => String(deployment).startsWith(`${provider}/`))
      .reduce((sum, { cost }) => sum + Number(cost), 0)
  }

  test("is spent to the end and not beyond, one after the other and all at once", async () => {
    for (const together of [1, 30]) {
      const { ask, router } = await setUp([{ price }, {}], { providers: [{ budget }] })
      for (let round = 0; round < 30 / together; round++) {
        await Promise.all(Array.from({ length: together }, () => ask(...asked)))
      }
      // What was kept aside and not spent is there for those who come later.
      for (let round = 0; round < 10; round++) await ask(...asked)
      const spent = await spentAt(router, "u0")
      expect(spent).toBeLessThanOrEqual(0.02 * DOLLAR)
      expect(spent).toBeGreaterThan(0.016 * DOLLAR)
      expect(await ask(...asked)).toBe("u1/ok")
    }
  })

  test("tells the caller that it is used up, and when it begins anew", async () => {
    const { ask, router } = await setUp([{ price }], { providers: [{ budget }] })
    for (let round = 0; round < 20; round++) await ask(...asked)
    const refused = await router.post(...asked)
    expect(refused.status).toBe(429)
    expect(await refused.text()).toContain("has used up the budget of `u0`, $0.02 a day for")
    const midnight = 86_400 - ((Date.now() / 1000) % 86_400)
    expect(Math.abs(Number(refused.headers.get("retry-after")) - midnight)).toBeLessThan(60)
  })

  test("tells SDKs not to try again what does not begin anew", async () => {
    const { ask, router } = await setUp([{ price }], { providers: [{ budget: "$0.02" }] })
    for (let round = 0; round < 20; round++) await ask(...asked)
    const { status, headers } = await router.post(...asked)
    expect(status).toBe(429)
    expect(headers.get("retry-after")).toBeNull()
    expect(headers.get("x-should-retry")).toBe("false")
  })

  test("survives a restart and a reload: the ledger knows what was spent", async () => {
    const folder = mkdtempSync(join(tmpdir(), "llmrouter-budget-"))
    open.push({ close: async () => rmSync(folder, { recursive: true, force: true }) })
    const storage = { path: join(folder, "usage.db") }
    const first = await setUp([{ price }, {}], { providers: [{ budget }], storage })
    for (let round = 0; round < 20; round++) await first.ask(...asked)
    expect(await first.ask(...asked)).toBe("u1/ok")
    await first.router.close()
    open.splice(open.indexOf(first.router), 1)

    const second = await setUp([{ price }, {}], { providers: [{ budget }], storage })
    expect(await second.ask(...asked)).toBe("u1/ok")
    const [u0, u1] = second.upstreams
    const config = (budget?: string) => ({
      providers: {
        u0: { type: "openai-compatible", baseUrl: u0!.url, ...(budget && { budget }) },
        u1: { type: "openai-compatible", baseUrl: u1!.url },
      },
      groups: { g: [{ provider: "u0", model: "ok", price }, "u1/ok"] },
      storage,
    })
    // Another window begins with what the ledger knows of it, and more money is more money.
    second.router.configure(config("$0.02/month"))
    expect((await second.router.runtime.reload()).ok).toBe(true)
    expect(await second.ask(...asked)).toBe("u1/ok")
    second.router.configure(config("$1/month"))
    await second.router.runtime.reload()
    expect(await second.ask(...asked)).toBe("u0/ok")
    // What was spent without a budget counts when there is one again.
    for (const budget of [undefined, "$0.03/month"]) {
      second.router.configure(config(budget))
      await second.router.runtime.reload()
      for (let round = 0; round < 10; round++) {
        expect(await second.ask(...asked)).toBe(budget ? "u1/ok" : "u0/ok")
      }
    }
  })

  test("gets back what was kept aside for attempts that failed, or that were too slow", async () => {
    const dear = { input: 0.001, output: 10_000 }
    const { ask, router, upstreams } = await setUp([{ price: dear }, { price: dear }], {
      providers: [{ budget: "$1000/day" }, { budget: "$1000/day" }],
      group: { hedge: "20ms" },
    })
    const [u0] = upstreams
    for (const script of ["slow:200ms|ok", "slow:25ms|ok", "status:500", "rst", "hdr|role|cut"]) {
      u0!.script(script)
      for (const stream of [true, false]) {
        await ask(...chat("hi", { max_tokens: 5, stream }))
      }
    }
    await Promise.all([ask(...asked), ask(...asked), ask(...asked)])
    const { spending, clock } = router.runtime.context
    for (const provider of router.runtime.snapshot.settings.providers) {
      // What a lost attempt cost is guessed by its input, which is cheap here: next to nothing.
      const left = provider.budget!.amount - (await spentAt(router, provider.name)) - 1e6
      await until(() => spending.usedUpUntil(provider, left, clock.now()) === undefined)
      expect(spending.usedUpUntil(provider, left + 2e6, clock.now())).toBeDefined()
    }
  })

  test("does not count requests without a price", async () => {
    const { ask } = await setUp([{}, {}], { providers: [{ budget: "$0.01" }] })
    for (let round = 0; round < 10; round++) expect(await ask(...asked)).toBe("u0/ok")
  })
})
