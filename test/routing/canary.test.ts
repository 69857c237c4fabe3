import { describe, expect, test } from "bun:test"
import { asker, counted } from "./asker.ts"
import { deployment } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** Every number of [0, 1) in steps of a thousandth, in an order of its own. */
function evenly(): () => number {
  let calls = 0
  return () => (((calls++ * 389) % 1000) + 0.5) / 1000
}

const trial = (random: () => number, ...percents: number[]) =>
  asker({
    strategy: "priority",
    random,
    deployments: (health) => [
      deployment("p/old", { health, weight: 5 }),
      ...percents.map((percent, i) => deployment(`p/new${i}`, { health, percent })),
    ],
  })

describe("a deployment on trial", () => {
  test.each([0, 0.1, 1, 5, 50, 99.9, 100])("gets exactly %p % of the requests", (percent) => {
    const { pick } = trial(evenly(), percent)
    const picked = Array.from({ length: 1000 }, () => pick().channel.deployment.id)
    expect(picked.filter((id) => id === "p/new0")).toHaveLength(percent * 10)
  })

  test("shares with others on trial, each as much as it was given", () => {
    const { pick } = trial(evenly(), 10, 20, 30)
    const picked = Array.from({ length: 1000 }, () => pick().channel.deployment.id)
    expect(counted(picked)).toEqual({ "p/old": 400, "p/new0": 100, "p/new1": 200, "p/new2": 300 })
  })

  test("keeps a conversation, and has its share of them", () => {
    const { pick } = trial(seeded(1), 20)
    const of = (session: string) => pick({ session }).channel.deployment.id
    const sessions = Array.from({ length: 20_000 }, (_, i) => `session-${i}`)
    const first = sessions.map(of)
    expect(sessions.map(of)).toEqual(first)
    // Three standard deviations are 0.85 %.
    const share = counted(first)["p/new0"]! / sessions.length
    expect(Math.abs(share - 0.2)).toBeLessThan(0.0085)
  })

  test("is the last resort of the requests that are not its share", () => {
    const { ask, clock, health, group } = trial(() => 0.99, 50)
    const [old, trying] = group.channels
    expect(ask().context.candidates).toEqual([old!])
    health.tell(old!, {})
    old!.health.reason = "rate-limit"
    old!.health.pausedUntil = clock.now() + 1000
    expect(ask().context.candidates).toEqual([trying!])
  })

  test("does not stand in the way when it cannot be used", () => {
    const { pick, clock, group } = trial(() => 0, 50)
    expect(pick().channel.id).toBe("p/new0#0")
    group.channels[1]!.health.reason = "network"
    group.channels[1]!.health.pausedUntil = clock.now() + 1000
    expect(pick().channel.id).toBe("p/old#0")
  })
})
