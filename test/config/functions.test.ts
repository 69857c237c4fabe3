import { expect, test } from "bun:test"
import type { StrategyFunction } from "../../src/core/strategy-function.ts"
import { folder, loadSettings, write } from "./folder.ts"

/** The strategy of the config's only group, which has to be a function. */
async function strategyIn(cwd: string): Promise<StrategyFunction> {
  const { strategy } = (await loadSettings(cwd)).groups[0]!
  if (typeof strategy !== "function") throw new Error(`the strategy is ${strategy}`)
  return strategy
}

const config = (strategy: string, before = "") =>
  `import { defineConfig, defineStrategy } from "llmrouter"
${before}
export default defineConfig({
  providers: { demo: { type: "demo" } },
  groups: { fast: { strategy: ${strategy}, models: ["demo/a", "demo/b"] } },
  storage: false,
})
`

const INPUT: Parameters<StrategyFunction>[0] = {
  request: {
    operation: "chat",
    stream: true,
    inputTokens: 100,
    maxTokens: undefined,
    tags: [],
    region: undefined,
    session: undefined,
    caller: null,
  },
  candidates: ["a", "b"].map((model) => ({
    id: `demo/${model}#-`,
    provider: "demo",
    model,
    weight: 1,
    tags: [],
    region: undefined,
    inFlight: 0,
    ttft: undefined,
    success: 1,
    cost: undefined,
  })),
}

test("a strategy may be a function, which runs long after the config was loaded", async () => {
  const strategy = await strategyIn(
    folder({
      "llmrouter.config.ts": config("({ candidates }) => candidates.toReversed()"),
    }),
  )
  expect(strategy(INPUT)).toEqual(INPUT.candidates.toReversed())
})

test("a strategy function uses what the config imports, keeps its state, and may wait", async () => {
  const strategy = await strategyIn(
    folder({
      "llmrouter.config.ts": config(
        "turns",
        `import { basename } from "node:path"
import { last, seen } from "./last.ts"
let calls = 0
const turns = defineStrategy(async ({ candidates }) => {
  await new Promise((done) => setTimeout(done, 1))
  calls += 1
  await Promise.resolve()
  return [last(candidates).id, basename("/x/" + calls), String(seen())]
})`,
      ),
      "last.ts": `let count = 0
export const seen = () => count
export function last<T>(list: readonly T[]): T { count += 10; return list.at(-1)! }
`,
    }),
  )
  expect(await strategy(INPUT)).toEqual(["demo/b#-", "1", "10"])
  expect(await strategy(INPUT)).toEqual(["demo/b#-", "2", "20"])
})

test("a strategy function may ask a server", async () => {
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("demo/b#-"),
  })
  const strategy = await strategyIn(
    folder({
      "llmrouter.config.ts": config(`async () => (await fetch("${server.url}")).text()`),
    }),
  )
  expect(await strategy(INPUT)).toBe("demo/b#-")
})

test("what a strategy function throws is its caller's to catch, also after a wait", async () => {
  const throwing = await strategyIn(
    folder({ "llmrouter.config.ts": config('() => { throw new RangeError("now") }') }),
  )
  expect(() => throwing(INPUT)).toThrow("now")
  const rejecting = await strategyIn(
    folder({
      "llmrouter.config.ts": config('async () => { await 0; throw new RangeError("later") }'),
    }),
  )
  expect(async () => rejecting(INPUT)).toThrow("later")
})

test("functions of two loads have nothing in common", async () => {
  const cwd = folder({
    "llmrouter.config.ts": config("() => String(++calls)", "let calls = 0"),
  })
  const [one, other] = [await strategyIn(cwd), await strategyIn(cwd)]
  expect([one(INPUT), one(INPUT), other(INPUT)]).toEqual(["1", "2", "1"])
})

test("the version changes with a function, with what it calls, and with a pattern", async () => {
  const cwd = folder()
  const version = async (files: Record<string, string>) => {
    write(cwd, files)
    return (await loadSettings(cwd)).version
  }
  const calls = config("() => first()", 'import { first } from "./first.ts"')
  const first = { "llmrouter.config.ts": calls, "first.ts": 'export const first = () => "a"\n' }
  const one = await version(first)
  expect(await version(first)).toBe(one)
  const helper = await version({ "first.ts": 'export const first = () => "b"\n' })
  expect(helper).not.toBe(one)
  expect(await version({ "llmrouter.config.ts": calls.replace("first()", "first() ") })).not.toBe(
    helper,
  )

  const matching = (matchers: string) => ({
    "llmrouter.config.ts": `export default { providers: { demo: { type: "demo", errorMatchers: [${matchers}] } }, storage: false }`,
  })
  const pattern = await version(matching("/quota/"))
  expect(await version(matching("/quota/ /* the same */"))).toBe(pattern)
  expect(await version(matching("/quota/i"))).not.toBe(pattern)
  expect(await version(matching("/limit/"))).not.toBe(pattern)
})
