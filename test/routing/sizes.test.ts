import { describe, expect, test } from "bun:test"
import { candidatesOf } from "../../src/routing/candidates.ts"
import { filters } from "../../src/routing/filters/index.ts"
import { createHealth } from "../../src/routing/health.ts"
import { createRetryBudget } from "../../src/routing/retry-budget.ts"
import { createWalk } from "../../src/routing/walk.ts"
import { deployment, group, request, RULES, table, testClock } from "./parts.ts"
import { counted } from "./asker.ts"
import { seeded } from "./seeded.ts"

/** `wide` is faster by a quarter, but whole books go nowhere else. */
function library(strategy: "adaptive" | "lowest-latency") {
  const random = seeded(17)
  const clock = testClock()
  const health = createHealth(clock, () => RULES)
  const wide = deployment("wide/x", { health, window: 1_000_000 })
  const narrow = deployment("narrow/x", { health, window: 16_000 })
  const base = { "wide/x": 300, "narrow/x": 400 }
  const asked = group("g", [wide, narrow], { strategy })
  const routes = table([asked])
  const budget = createRetryBudget()

  /** One request, answered before the next one comes. @returns where it went */
  function send(inputTokens: number): string {
    const walk = createWalk({
      resolution: { group: asked },
      table: routes,
      health,
      clock,
      budget,
      filters,
      random,
      request: request({ stream: true, inputTokens, bytes: inputTokens * 4 }),
      refuses: () => undefined,
    })
    const step = walk.next()!
    const trial = walk.begin(step)
    const id = step.channel.deployment.id as keyof typeof base
    const ttft = (base[id] + 0.02 * inputTokens) * (0.7 + 0.6 * random())
    clock.advance(ttft)
    health.answered(trial)
    walk.answered(step)
    health.succeed(trial, {
      duration: ttft + 1000,
      ttft,
      stream: true,
      input: inputTokens,
      output: 100,
    })
    return id
  }

  /** What a strategy makes of `wide` for a request of a size. */
  function explained(inputTokens: number): Record<string, number> {
    const now = clock.now()
    const asking = request({ stream: true, inputTokens })
    const refuses = () => undefined
    const options = { request: asking, health, filters, refuses, random }
    const { context } = candidatesOf(options, asked, now)
    return asked.strategy.explain!(wide.channels[0]!, context)
  }

  const chat = () => send(200 + 1000 * random())
  const book = () => send(30_000 + 60_000 * random())
  return { chat, book, explained }
}

describe.each(["adaptive", "lowest-latency"] as const)("%s", (strategy) => {
  test("does not take one for slow that gets the long prompts", () => {
    const { chat, book } = library(strategy)
    const chats: string[] = []
    for (let i = 0; i < 1500; i++) {
      book()
      chats.push(chat())
    }
    expect(counted(chats.slice(-500))["wide/x"]!).toBeGreaterThan(450)
  })

  test("explains what a request of its size is expected to take", () => {
    const { chat, book, explained } = library(strategy)
    for (let i = 0; i < 1000; i++) {
      book()
      chat()
    }
    for (const size of [500, 60_000]) {
      const { time, sized } = explained(size)
      expect(Math.abs((time ?? sized!) / (300 + 0.02 * size) - 1)).toBeLessThan(0.15)
    }
  })
})
