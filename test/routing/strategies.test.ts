import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { Channel, Deployment } from "../../src/core/routing.ts"
import { isBetter } from "../../src/routing/candidates.ts"
import type { Filter } from "../../src/routing/filters/filter.ts"
import type { Health } from "../../src/routing/health.ts"
import { findStrategy, type StrategyName, strategies } from "../../src/routing/strategies/index.ts"
import { asker, inOrder } from "./asker.ts"
import { deployment } from "./parts.ts"
import { seeded } from "./seeded.ts"

const names = Object.keys(strategies) as StrategyName[]
const WEIGHTS = [1, 0, 3, 0.5, 1000, 1e-6, 1e9]

type Random = () => number
const among = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)]!

/** Deployments of all sorts. */
function anyDeployments(random: Random, size: number) {
  return (health: Health): Deployment[] =>
    Array.from({ length: size }, (_, i) => {
      const rate = Math.ceil(random() * 100)
      return deployment(`p/${i}`, {
        health,
        weight: among(random, WEIGHTS),
        keys: 1 + Math.floor(random() * 4),
        limits: {
          rpm: among(random, [undefined, 0, 3, 1000]),
          tpm: among(random, [undefined, 0, 10, 1e6]),
        },
        cost: among<Deployment["cost"]>(random, [
          () => null,
          () => 0,
          ({ input, output }) => rate * (input + 5 * output),
        ]),
      })
    })
}

/** Gives channels a past: answers, failures, told limits, attempts under way. */
function live(random: Random, { health, clock, group }: ReturnType<typeof asker>): void {
  for (const channel of group.channels) {
    for (let attempts = Math.floor(random() * 4); attempts > 0; attempts--) {
      const trial = health.begin(channel, 100)
      clock.advance(random() * 1000)
      const end = random()
      if (end < 0.5) {
        health.answered(trial)
        health.succeed(trial, {
          duration: random() * 5000,
          ttft: random() * 500,
          stream: true,
          input: Math.floor(random() * 1000),
          output: Math.floor(random() * 1000),
        })
      } else if (end < 0.65) health.fail(trial, new GatewayError("upstream-rate-limited", ""))
      else if (end < 0.75) health.fail(trial, new GatewayError("upstream-error", ""))
      else if (end < 0.85) health.release(trial)
    }
    if (random() < 0.2) {
      const limit = { limit: 10, remaining: Math.floor(random() * 10), resetAt: clock.now() + 50 }
      health.tell(channel, { requests: limit, tokens: { ...limit, limit: 1000 } })
    }
  }
}

/** A group of all sorts of deployments with all sorts of pasts. */
function anyGroup(strategy: StrategyName, seed: number, size: number, filters: Filter[] = []) {
  const own = seeded(seed)
  const random = { current: seeded(seed + 1) }
  const made = asker({
    strategy,
    deployments: anyDeployments(own, size),
    filters,
    random: () => random.current(),
  })
  live(own, made)
  return { ...made, own, random }
}

const about = (random: Random) => ({
  stream: random() < 0.5,
  session: random() < 0.5 ? `session-${Math.floor(random() * 5)}` : undefined,
  inputTokens: Math.floor(random() * 10_000),
  maxTokens: random() < 0.5 ? Math.floor(random() * 1000) : undefined,
})

describe.each(names)("%s", (name) => {
  test("puts every set of candidates in one order, whatever their weights and their past", () => {
    for (let size = 0; size <= 20; size++) {
      for (let round = 0; round < 5; round++) {
        const { own, ask, pick } = anyGroup(name, size * 100 + round, size)
        const request = about(own)
        for (let picks = 0; picks < 3; picks++) {
          const found = ask(request)
          const order = inOrder(found)
          const ready = found.all.filter(({ standing }) => standing.state === "ready")
          expect(order.map(({ channel }) => channel.id).toSorted()).toEqual(
            ready.map(({ channel }) => channel.id).toSorted(),
          )
          const strict = order.every((a, i) => order.every((b, j) => isBetter(a, b) === i < j))
          expect(strict).toBe(true)
          if (order.length > 0) pick(request)
        }
      }
    }
  })

  test("says the same when it is asked twice: asking changes nothing", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { own, ask, pick, random, clock } = anyGroup(name, seed, 1 + (seed % 7))
      const request = about(own)
      for (let picks = 0; picks < 5; picks++) {
        const scores = () => {
          random.current = seeded(seed)
          return ask(request).all.map(({ score, rank, place }) => [score, rank, place])
        }
        const before = scores()
        for (let i = 0; i < 20; i++) ask(about(own))
        expect(scores()).toEqual(before)
        if (inOrder(ask(request)).length > 0) pick(request)
        clock.advance(own() * 2000)
      }
    }
  })

  test("never prefers what is objected to, paused or behind an open breaker", () => {
    const wrong = (channel: Channel) => Number(channel.id.replace(/\D/g, "")) % 3
    const filter: Filter = {
      name: "test",
      scope: "channel",
      checker: () => (channel) =>
        [undefined, { why: "unwanted", soft: true }, { why: "wrong" }][wrong(channel)],
    }
    let wishes = 0
    for (let seed = 1; seed <= 60; seed++) {
      const { ask, group, clock, own } = anyGroup(name, seed, 1 + (seed % 12), [filter])
      for (const { health } of group.deployments) {
        if (own() > 0.2) continue
        health.opened = 1
        health.openUntil = clock.now() + 1000
      }
      const found = ask(about(own))
      const ready = group.channels.filter(
        ({ health, deployment }) =>
          health.pausedUntil <= clock.now() && deployment.health.openUntil <= clock.now(),
      )
      const order = inOrder(found).map(({ channel }) => channel)
      for (const channel of order) {
        expect(ready).toContain(channel)
        expect(wrong(channel)).toBeLessThan(2)
      }
      const objected = order.map(wrong)
      expect(objected).toEqual(objected.toSorted())
      if (objected[0] === 0 && objected.at(-1) === 1) wishes++
    }
    expect(wishes).toBeGreaterThan(5)
  })
})

describe("the names of strategies", () => {
  test("are those of the registry, and no two strategies share one", () => {
    const all = Object.entries(strategies).flatMap(([key, strategy]) => {
      expect(strategy.name).toBe(key)
      return [strategy.name, ...(strategy.aliases ?? [])]
    })
    expect(all.toSorted()).toEqual([...new Set(all)].toSorted())
  })

  test.each([
    ["fallback", "priority"],
    ["rotor", "priority"],
    ["single", "priority"],
    ["simple-shuffle", "weighted"],
    ["lottery", "weighted"],
    ["loadbalance", "weighted"],
    ["round_robin", "round-robin"],
    ["least_busy", "least-busy"],
    ["usage-based-routing", "lowest-tpm-rpm"],
    ["usage-based-routing-v2", "lowest-tpm-rpm"],
    ["lowest_tpm_rpm", "lowest-tpm-rpm"],
  ])("of other gateways are known: %s is %s", (alias, name) => {
    expect(findStrategy(alias)?.name).toBe(name)
    expect(findStrategy(name)?.name).toBe(name)
  })

  test("that nobody knows lead nowhere", () => {
    expect(findStrategy("astrology")).toBeUndefined()
  })
})
