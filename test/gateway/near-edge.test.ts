import { describe, expect, test } from "bun:test"
import type { CanonicalRequest } from "../../src/core/canonical.ts"
import type { Timers } from "../../src/core/clock.ts"
import type { RequestEnvelope } from "../../src/core/protocol.ts"
import type { RoutingRequest } from "../../src/core/routing.ts"
import { countNearEdge } from "../../src/gateway/near-edge.ts"
import type { GuessedRequest } from "../../src/gateway/routing-request.ts"
import { deployment, group, request } from "../routing/parts.ts"
import { closing, until } from "../support/cleanup.ts"
import { startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const opened = closing()

describe("a request near the edge of a window", () => {
  const small = deployment("a/small", { window: 1000 })
  const large = deployment("b/large", { window: 1_000_000 })
  const both = [group("g", [small, large])]
  const historyOf = (decode: () => CanonicalRequest | undefined) => ({
    whole: () => ({ decode }) as RequestEnvelope,
  })
  const known = historyOf(() => ({}) as CanonicalRequest)

  function guessed(options: Partial<RoutingRequest>): GuessedRequest {
    let { inputTokens } = request(options)
    return {
      ...request(options),
      get inputTokens() {
        return inputTokens
      },
      settle() {},
      counted(tokens) {
        inputTokens = tokens
      },
    }
  }

  /** Timers that only the test lets run. */
  function testTimers(): Timers & { expire(): void; readonly waiting: number } {
    const waiting = new Set<() => void>()
    return {
      after(_ms, run) {
        waiting.add(run)
        return () => waiting.delete(run)
      },
      expire() {
        for (const run of waiting) run()
      },
      get waiting() {
        return waiting.size
      },
    }
  }

  const counting = (tokens: number) => ({
    timers: testTimers(),
    estimateTokens: async () => tokens,
  })

  test("is counted, and then it has that many tokens", async () => {
    const asked = guessed({ bytes: 4400, inputTokens: 1100 })
    const context = counting(900)
    await countNearEdge(context, asked, both, known)
    expect(asked.inputTokens).toBe(900)
    expect(context.timers.waiting).toBe(0)
  })

  test.each<[string, Partial<RoutingRequest>]>([
    ["fewer bytes than the window has tokens", { bytes: 900, inputTokens: 900 }],
    ["far below it", { bytes: 2000, inputTokens: 500 }],
    ["far above it", { bytes: 8000, inputTokens: 2000 }],
    ["no chat", { operation: "embeddings", bytes: 4400, inputTokens: 1100 }],
    ["a body that takes long to decode", { bytes: 9e6, inputTokens: 1100 }],
  ])("is not counted for nothing: %s", (_name, options) => {
    expect(countNearEdge(counting(900), guessed(options), both, known)).toBeUndefined()
  })

  test("is not counted where there is nothing to choose", () => {
    const alone = [group("g", [small])]
    const asked = guessed({ bytes: 4400, inputTokens: 1100 })
    expect(countNearEdge(counting(900), asked, alone, known)).toBeUndefined()
    const elsewhere = [group("g", [small], { contextFallbacks: ["long"] })]
    expect(countNearEdge(counting(900), asked, elsewhere, known)).toBeDefined()
  })

  test("counts the caller's own output limit to what has to fit", () => {
    const asked = (maxTokens: number) => guessed({ bytes: 2000, inputTokens: 500, maxTokens })
    expect(countNearEdge(counting(9), asked(0), both, known)).toBeUndefined()
    expect(countNearEdge(counting(9), asked(500), both, known)).toBeDefined()
  })

  test("is guessed where counting takes too long, cannot be done or fails", async () => {
    const asked = guessed({ bytes: 4400, inputTokens: 1100 })
    const never = { timers: testTimers(), estimateTokens: () => new Promise<number>(() => {}) }
    const waiting = countNearEdge(never, asked, both, known)
    never.timers.expire()
    await waiting
    await countNearEdge(
      counting(900),
      asked,
      both,
      historyOf(() => undefined),
    )
    await countNearEdge(
      counting(900),
      asked,
      both,
      historyOf(() => {
        throw new Error("not JSON")
      }),
    )
    expect(asked.inputTokens).toBe(1100)
  })
})

test("near the edge, what a request really has decides where it goes", async () => {
  const upstreams = [
    await opened(startUpstream({ script: "ok" })),
    await opened(startUpstream({ script: "ok" })),
  ]
  const starting = startRouter({
    providers: Object.fromEntries(
      upstreams.map(({ url }, n) => [`u${n}`, { type: "openai-compatible", baseUrl: url }]),
    ),
    groups: {
      g: [{ provider: "u0", model: "ok", capabilities: { contextWindow: 1000 } }, "u1/ok"],
    },
  })
  const router = await opened(starting)
  const ask = async (content: string) => {
    const response = await router.post("/v1/chat/completions", {
      model: "g",
      messages: [{ role: "user", content }],
    })
    await response.text()
    return response.headers.get("x-llmrouter-deployment")
  }
  // The guess would never change its mind; a count that came too late is there for the next request.
  // Five bytes a token: by its size it would be too long.
  await until(async () => (await ask("word ".repeat(900))) === "u0/ok")
  // Hardly more than two: by its size it would fit.
  await until(async () => (await ask("7;3?9!".repeat(500))) === "u1/ok")
})
