import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { Channel, Deployment, RoutingRequest } from "../../src/core/routing.ts"
import type { Health } from "../../src/routing/health.ts"
import { asker, counted } from "./asker.ts"
import { deployment, type DeploymentOptions } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** Prices in nano-USD per token. */
const priced =
  (input: number, output: number, cacheRead = input): Deployment["cost"] =>
  (usage) =>
    (usage.input - usage.cacheRead) * input + usage.cacheRead * cacheRead + usage.output * output

interface Offer extends DeploymentOptions {
  /** Milliseconds to the first content. */
  ttft: number
}

/** Deployments whose figures are known, where nothing is under way. */
function world(offers: Record<string, Offer>) {
  const made = asker({
    strategy: "adaptive",
    random: seeded(11),
    deployments: (health: Health) =>
      Object.entries(offers).map(([id, offer]) => deployment(id, { health, ...offer })),
  })
  const { clock, health, pick, ask, group } = made
  const ttftOf = ({ deployment }: Channel) => offers[deployment.id]!.ttft

  function answer(channel: Channel, input = 1000, cacheRead = 0): void {
    const trial = health.begin(channel, 0, true)
    clock.advance(ttftOf(channel))
    health.answered(trial)
    health.succeed(trial, {
      duration: ttftOf(channel) + 3000,
      stream: true,
      input,
      output: 300,
      cacheRead,
    })
  }

  function learn(): void {
    for (const { channels } of group.deployments) for (const channel of channels) answer(channel)
  }

  /** One request, answered at once. @returns its deployment */
  function send(about: Partial<RoutingRequest> = {}): string {
    const { channel, context } = pick({ stream: true, inputTokens: 1000, ...about })
    answer(channel, about.inputTokens)
    group.strategy.answered?.(channel, context)
    return channel.deployment.id
  }

  /** What the score of each deployment's first key is made of. */
  function parts(about: Partial<RoutingRequest> = {}): Record<string, Record<string, number>> {
    const { all, context } = ask({ stream: true, inputTokens: 1000, ...about })
    return Object.fromEntries(
      all.map(({ channel }) => [channel.id, group.strategy.explain!(channel, context)]),
    )
  }

  return { ...made, learn, send, answer, parts }
}

const most = (ids: readonly string[]) =>
  Object.entries(counted(ids)).toSorted(([, a], [, b]) => b - a)[0]![0]
const times = <T>(count: number, run: () => T): T[] => Array.from({ length: count }, run)

describe("adaptive", () => {
  test("weighs a cent as much as a second", () => {
    // 1000 input tokens: a cent is 10,000 nano-USD a token.
    const cent = 10_000
    const near = world({
      "fast/x": { ttft: 500, cost: priced(2 * cent, 0) },
      "cheap/x": { ttft: 1300, cost: priced(cent, 0) },
    })
    near.learn()
    expect(most(times(100, () => near.send()))).toBe("cheap/x")
    const far = world({
      "fast/x": { ttft: 500, cost: priced(2 * cent, 0) },
      "cheap/x": { ttft: 1800, cost: priced(cent, 0) },
    })
    far.learn()
    expect(most(times(100, () => far.send()))).toBe("fast/x")
  })

  test("takes the faster one of two that are equally dear, however small a share of it all that is", () => {
    const cost = priced(20_000, 0)
    const { learn, send } = world({ "a/x": { ttft: 400, cost }, "b/x": { ttft: 460, cost } })
    learn()
    expect(counted(times(200, () => send()))["a/x"]).toBeGreaterThan(190)
  })

  test("sums up its parts, in milliseconds", () => {
    const { learn, parts } = world({ "a/x": { ttft: 400, cost: priced(2500, 10_000) } })
    learn()
    const { sum, ...rest } = parts()["a/x#0"]!
    expect(rest).toEqual({
      time: 400,
      generation: 3000 * 0.01,
      cost: (1000 * 2500 + 300 * 10_000) / 10_000,
      risk: 0,
      pressure: 0,
    })
    expect(sum).toBeCloseTo(Object.values(rest).reduce((a, b) => a + b))
  })

  test("avoids what fails, and comes back when it is well", () => {
    const { learn, send, parts, health, group, clock } = world({
      "best/x": { ttft: 300 },
      "next/x": { ttft: 500 },
    })
    learn()
    const [best] = group.deployments[0]!.channels
    for (let i = 0; i < 4; i++) {
      health.fail(health.begin(best!), new GatewayError("upstream-error", ""))
    }
    clock.advance(31_000)
    expect(health.standing(best!).state).toBe("ready")
    expect(parts()["best/x#0"]!["risk"]!).toBeGreaterThan(100)
    expect(most(times(20, () => send()))).toBe("next/x")
    times(200, () => send())
    expect(most(times(50, () => send()))).toBe("best/x")
  })

  test("gives way to others before a limit is used up", () => {
    const { learn, send, health, group, clock } = world({
      "best/x": { ttft: 300, limits: { rpm: 10 } },
      "next/x": { ttft: 400 },
    })
    learn()
    const [best] = group.deployments[0]!.channels
    expect(most(times(5, () => send()))).toBe("best/x")
    for (let i = 0; i < 4; i++) health.begin(best!)
    expect(most(times(5, () => send()))).toBe("next/x")
    clock.advance(61_000)
    expect(most(times(5, () => send()))).toBe("best/x")
  })

  test("heeds limits that the upstream told, for each key", () => {
    const { learn, parts, health, group, clock } = world({ "a/x": { ttft: 300, keys: 2 } })
    learn()
    const [first, second] = group.channels
    const resetAt = clock.now() + 10_000
    health.tell(first!, { requests: { limit: 100, remaining: 2, resetAt } })
    health.tell(second!, { requests: { limit: 100, remaining: 90, resetAt } })
    expect(parts()["a/x#0"]!["pressure"]!).toBeGreaterThan(200)
    expect(parts()["a/x#1"]!["pressure"]).toBe(0)
    clock.advance(10_000)
    expect(parts()["a/x#0"]!["pressure"]).toBe(0)
  })

  test("keeps a conversation where its prompt is cached, though another is a little faster", () => {
    const cost = priced(3000, 15_000, 300)
    const { learn, send, parts } = world({
      "home/x": { ttft: 500, cost },
      "faster/x": { ttft: 420, cost },
    })
    learn()
    const session = "s"
    const turn = () => send({ session, inputTokens: 20_000 })
    // It began there when that was the only one.
    const home = turn()
    expect(new Set(times(20, turn))).toEqual(new Set([home]))
    const { "home/x#0": a, "faster/x#0": b } = parts({ session, inputTokens: 20_000 })
    const [warm, cold] = home === "home/x" ? [a!, b!] : [b!, a!]
    expect(warm["cost"]! * 3).toBeLessThan(cold["cost"]!)
  })

  test("leaves a warm cache for what is much better all in all", () => {
    const offers: Record<string, Offer> = {
      "home/x": { ttft: 500, cost: priced(3000, 15_000, 300) },
      "other/x": { ttft: 600, cost: priced(3000, 15_000, 300) },
    }
    const { learn, send } = world(offers)
    learn()
    const turn = () => send({ session: "s", inputTokens: 2000 })
    const home = turn()
    offers[home]!.ttft = 20_000
    times(3, turn)
    expect(turn()).not.toBe(home)
  })

  test("shares the traffic among equals by weight and by what is in flight", () => {
    const { learn, pick, health, group } = world({
      "a/x": { ttft: 400, weight: 2 },
      "b/x": { ttft: 400, keys: 2 },
      "c/x": { ttft: 400 },
    })
    learn()
    for (let i = 0; i < 400; i++) health.begin(pick({ stream: true }).channel)
    const [a, b, c] = group.deployments.map(({ health }) => health.traffic.inFlight)
    expect(Math.abs(a! - 200)).toBeLessThan(12)
    expect(Math.abs(b! - 100)).toBeLessThan(12)
    expect(Math.abs(c! - 100)).toBeLessThan(12)
  })

  test("tries out what is unknown with one request at a time, unless its price alone is too much", () => {
    const { answer, pick, health, group } = world({
      "known/x": { ttft: 300, cost: priced(100, 100) },
      "new/x": { ttft: 300, cost: priced(100, 100) },
      "dear/x": { ttft: 1, cost: priced(1e6, 1e6) },
    })
    answer(group.channels[0]!)
    const ids = times(50, () => {
      const { channel } = pick({ stream: true, inputTokens: 1000 })
      health.begin(channel, 0, true)
      return channel.deployment.id
    })
    expect(ids[0]).toBe("new/x")
    expect(counted(ids)).toEqual({ "new/x": 1, "known/x": 49 })
  })

  test.each([100, 5000])(
    "finds a better place for requests that all begin alike (%p tokens)",
    (inputTokens) => {
      const offers: Record<string, Offer> = { "a/x": { ttft: 500 }, "b/x": { ttft: 500 } }
      const { send } = world(offers)
      const ask = () => send({ session: "always the same", inputTokens })
      const first = ask()
      const other = first === "a/x" ? "b/x" : "a/x"
      offers[first]!.ttft = 5000
      times(100, ask)
      expect(most(times(20, ask))).toBe(other)
    },
  )

  test("spreads requests that are too short for a prompt cache, even if they begin alike", () => {
    const { learn, pick, health, group } = world({ "a/x": { ttft: 400 }, "b/x": { ttft: 400 } })
    learn()
    const same = { stream: true, session: "always the same", inputTokens: 100 }
    for (let i = 0; i < 100; i++) health.begin(pick(same).channel)
    const [a, b] = group.deployments.map(({ health }) => health.traffic.inFlight)
    expect(Math.abs(a! - b!)).toBeLessThan(10)
  })

  test("takes what has no price for as dear as the dearest", () => {
    const { learn, parts, send } = world({
      "unpriced/x": { ttft: 400 },
      "cheap/x": { ttft: 450, cost: priced(100, 100) },
      "dear/x": { ttft: 450, cost: priced(9000, 9000) },
    })
    learn()
    expect(parts()["unpriced/x#0"]!["cost"]).toBeNaN()
    expect(most(times(30, () => send()))).toBe("cheap/x")
  })

  test("leaves weight 0 for last", () => {
    const { learn, send } = world({ "a/x": { ttft: 900 }, "b/x": { ttft: 1, weight: 0 } })
    learn()
    expect(counted(times(100, () => send()))).toEqual({ "a/x": 100 })
  })
})
