import { describe, expect, test } from "bun:test"
import { acting, failure } from "./chase.ts"
import { group } from "./parts.ts"

describe("hedging", () => {
  const hedge = { delay: 100 }

  test("asks a second deployment after the delay; the first answer wins and the other attempt ends", async () => {
    const { send, time, made, make, budget, health } = acting({
      "p/slow": { after: 5000 },
      "p/fast": { after: 50 },
    })
    const slow = make("p/slow", 2)
    const began = time.clock.now()
    const { answer } = send([group("g", [slow, make("p/fast")], { hedge })])
    expect(await time.until(answer)).toBe("p/fast#0")
    expect(time.clock.now() - began).toBe(150)
    expect(made).toEqual([
      { channel: "p/slow#0", why: "first", at: 0, ended: "cancelled" },
      { channel: "p/fast#0", why: "hedge", at: 100, ended: "answered" },
    ])
    expect([budget.active, budget.retries, time.pending]).toEqual([0, 0, 1])
    expect(health.standing(slow.channels[0]!).state).toBe("ready")
    expect(slow.health.traffic.inFlight).toBe(0)
  })

  test("does nothing for an answer that begins before the delay", async () => {
    const { send, time, made, make } = acting({ "p/a": { after: 99 }, "p/b": { after: 0 } })
    const { answer } = send([group("g", [make("p/a"), make("p/b")], { hedge })])
    expect(await time.until(answer)).toBe("p/a#0")
    await time.until(time.sleep(1000))
    expect(made).toHaveLength(1)
  })

  test("goes on with the other attempt when one fails, and to the next when both do", async () => {
    const { send, time, made, make } = acting({
      "p/a": { after: 300, error: "upstream-error" },
      "p/b": { after: 400, error: "upstream-unauthorized" },
      "p/c": { after: 10 },
    })
    const { answer } = send([group("g", [make("p/a"), make("p/b"), make("p/c")], { hedge })])
    expect(await time.until(answer)).toBe("p/c#0")
    expect(made.map(({ channel, at }) => [channel, at])).toEqual([
      ["p/a#0", 0],
      ["p/b#0", 100],
      ["p/c#0", 500],
    ])
  })

  test("ends with the caller's own fault, whichever of the two finds it", async () => {
    const { send, time, made, make } = acting({
      "p/a": { after: 5000 },
      "p/b": { after: 10, error: "upstream-rejected" },
    })
    const { answer } = send([group("g", [make("p/a"), make("p/b")], { hedge })])
    expect((await time.until(failure(answer))).kind).toBe("upstream-rejected")
    expect(made.map(({ ended }) => ended)).toEqual(["cancelled", "failed"])
  })

  test("stays within the group: a fallback is another model", async () => {
    const { send, time, made, make } = acting({ "p/a": { after: 1000 }, "p/b": { after: 0 } })
    const groups = [
      group("g", [make("p/a")], { hedge, fallbacks: ["spare"] }),
      group("spare", [make("p/b")]),
    ]
    const { answer } = send(groups)
    expect(await time.until(answer)).toBe("p/a#0")
    expect(made).toHaveLength(1)
  })

  test("is bounded by the retry budget", async () => {
    const { send, time, made, make } = acting({ "p/a": { after: 1000 }, "p/b": { after: 500 } })
    const groups = [group("g", [make("p/a"), make("p/b")], { hedge })]
    const sent = Array.from({ length: 30 }, () => send(groups).answer)
    await time.until(Promise.all(sent))
    // A fifth of 30, while all of them are active.
    expect(made.filter(({ why }) => why === "hedge")).toHaveLength(6)
  })

  test("by the deployment's own 95th percentile begins only once that is known", async () => {
    const { send, time, made, make, health } = acting({
      "p/a": { after: 700 },
      "p/b": { after: 1 },
    })
    const a = make("p/a")
    const groups = [group("g", [a, make("p/b")], { hedge: { delay: "p95" } })]
    await time.until(send(groups, { request: { stream: true } }).answer)
    expect(made).toHaveLength(1)
    for (let n = 0; n < 60; n++) {
      const trial = health.begin(a.channels[0]!)
      await time.until(time.sleep(n < 55 ? 100 : 120))
      health.answered(trial)
      health.succeed(trial)
    }
    made.splice(0)
    const began = time.clock.now()
    expect(await time.until(send(groups, { request: { stream: true } }).answer)).toBe("p/b#0")
    expect(time.clock.now() - began).toBeWithin(90, 250)
    // How soon streams begin says nothing of an answer that comes as a whole.
    made.splice(0)
    expect(await time.until(send(groups, { request: { stream: false } }).answer)).toBe("p/a#0")
    expect(made).toHaveLength(1)
  })

  test("does not ask twice for what is made or costs much", async () => {
    const { send, time, made, make } = acting({ "p/a": { after: 1000 }, "p/b": { after: 0 } })
    const groups = [group("g", [make("p/a"), make("p/b")], { hedge })]
    for (const operation of ["images", "speech", "transcription"] as const) {
      await time.until(send(groups, { request: { operation } }).answer)
    }
    expect(made.map(({ channel }) => channel)).toEqual(["p/a#0", "p/a#0", "p/a#0"])
  })
})
