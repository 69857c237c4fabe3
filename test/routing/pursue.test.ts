import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import { acting, failure, scene } from "./chase.ts"
import { deployment, group } from "./parts.ts"

const NO_RETRIES = { attempts: 0 }

describe("a deadline", () => {
  test("ends the request and its attempt, and says which limit it was", async () => {
    const { send, time, made, make, budget } = acting({ "p/slow": { after: 60_000 } })
    const began = time.clock.now()
    const { answer } = send([group("g", [make("p/slow")])], {
      due: { at: began + 500, ms: 500 },
    })
    const error = await time.until(failure(answer))
    expect(time.clock.now() - began).toBe(500)
    expect([error.kind, error.status]).toEqual(["upstream-timeout", 504])
    expect(error.message).toContain("500 ms (`timeouts.total`)")
    expect(made.map(({ ended }) => ended)).toEqual(["cancelled"])
    expect([budget.active, budget.retries, time.pending]).toEqual([0, 0, 0])
  })

  test("gives a stream half of what is left while there is another channel, and the last one all", async () => {
    const { send, time, made, make } = acting({
      "p/a": { after: 60_000 },
      "p/b": { after: 60_000 },
      "p/c": { after: 60_000 },
    })
    const groups = [group("g", [make("p/a"), make("p/b"), make("p/c")])]
    const { answer } = send(groups, {
      due: { at: time.clock.now() + 1000, ms: 1000 },
      request: { stream: true },
    })
    await time.until(failure(answer))
    expect(made.map(({ at }) => at)).toEqual([0, 500, 750])
  })

  test("gives a whole answer all that is left", async () => {
    const { send, time, made, make } = acting({ "p/a": { after: 900 }, "p/b": { after: 0 } })
    const { answer } = send([group("g", [make("p/a"), make("p/b")])], {
      due: { at: time.clock.now() + 1000, ms: 1000 },
    })
    expect(await time.until(answer)).toBe("p/a#0")
    expect(made).toHaveLength(1)
  })

  test("leaves time for the channels of a fallback that was not looked at yet", async () => {
    const { send, time, make } = acting({ "p/a": { after: 60_000 }, "p/b": { after: 100 } })
    const groups = [
      group("g", [make("p/a")], { fallbacks: ["spare"] }),
      group("spare", [make("p/b")]),
    ]
    const { answer } = send(groups, {
      due: { at: time.clock.now() + 1000, ms: 1000 },
      request: { stream: true },
    })
    expect(await time.until(answer)).toBe("p/b#0")
  })

  test("begins no attempt that could not even connect", async () => {
    const { send, time, made, make } = acting({
      "p/a": { after: 995, error: "upstream-unauthorized" },
      "p/b": { after: 0 },
    })
    const { answer } = send([group("g", [make("p/a"), make("p/b")])], {
      due: { at: time.clock.now() + 1000, ms: 1000 },
    })
    const error = await time.until(failure(answer))
    expect(error.detail.code).toBe("deadline_exceeded")
    expect(made).toHaveLength(1)
  })

  test("does not wait for a retry that would come too late: the upstream's error comes back", async () => {
    const { send, time, make } = acting({ "p/a": { after: 50, error: "upstream-error" } })
    const groups = [group("g", [make("p/a")], { retries: { attempts: 3, backoff: 4000 } })]
    const { answer } = send(groups, { due: { at: time.clock.now() + 1000, ms: 1000 } })
    const began = time.clock.now()
    expect((await time.until(failure(answer))).kind).toBe("upstream-error")
    expect(time.clock.now() - began).toBe(50)
  })

  test("that the caller set is nobody's failure", async () => {
    const { send, time, make } = acting({ "p/a": { after: 60_000 } })
    const { answer } = send([group("g", [make("p/a")])], {
      due: { at: time.clock.now() + 100, ms: 100, name: "x-llmrouter-timeout", callers: true },
    })
    const { rule } = await time.until(failure(answer))
    expect([rule.breaker, rule.cooldown]).toEqual([false, null])
  })
})

describe("the end from outside", () => {
  const gone = new GatewayError("client-gone", "")

  test("ends every attempt at once, and gives everything back", async () => {
    const { send, time, made, make, budget } = acting({
      "p/a": { after: 5000 },
      "p/b": { after: 5000 },
    })
    const pursued = send([group("g", [make("p/a"), make("p/b")], { hedge: { delay: 10 } })])
    await time.until(time.sleep(100))
    expect(made).toHaveLength(2)
    pursued.end(gone)
    expect(await failure(pursued.answer)).toBe(gone)
    expect(made.map(({ ended }) => ended)).toEqual(["cancelled", "cancelled"])
    expect([budget.active, budget.retries, time.pending]).toEqual([0, 0, 0])
  })

  test("ends the pause before a retry", async () => {
    const { send, time, made, make, budget } = acting({
      "p/a": { after: 1, error: "upstream-error" },
    })
    const pursued = send([group("g", [make("p/a")], { retries: { attempts: 3, backoff: 5000 } })])
    await time.until(time.sleep(100))
    expect(budget.retries).toBe(1)
    pursued.end(gone)
    expect(await failure(pursued.answer)).toBe(gone)
    expect(made).toHaveLength(1)
    expect([budget.active, budget.retries, time.pending]).toEqual([0, 0, 0])
  })

  test("drops an answer that comes all the same", async () => {
    const { send, time, make, dropped } = acting({ "p/a": { after: 10, deaf: true } })
    const pursued = send([group("g", [make("p/a")])])
    pursued.end(gone)
    expect(await failure(pursued.answer)).toBe(gone)
    await time.until(time.sleep(20))
    expect(dropped).toEqual(["p/a#0"])
  })

  test("comes too late for an answer that has begun", async () => {
    const { send, time, make } = acting({ "p/a": { after: 10 } })
    const pursued = send([group("g", [make("p/a")])])
    expect(await time.until(pursued.answer)).toBe("p/a#0")
    pursued.end(gone)
    expect(await pursued.answer).toBe("p/a#0")
  })
})

test("a channel that has become well meanwhile is tried before the request fails", async () => {
  const { send, time, make, health, made } = acting({
    "p/a": { after: 1 },
    "p/b": { after: 15_000, error: "upstream-unauthorized" },
  })
  const a = make("p/a")
  health.fail(health.begin(a.channels[0]!), new GatewayError("upstream-unreachable", ""))
  const { answer } = send([group("g", [a, make("p/b")], { retries: NO_RETRIES })])
  expect(await time.until(answer)).toBe("p/a#0")
  expect(made.map(({ channel }) => channel)).toEqual(["p/b#0", "p/a#0"])
})

test("the pause before each retry is twice as long as the one before, up to the longest", async () => {
  const { send, time, made, make } = acting({ "p/a": { after: 0, error: "upstream-error" } })
  const retries = { attempts: 4, backoff: 100, maxBackoff: 300 }
  await time.until(failure(send([group("g", [make("p/a")], { retries })]).answer))
  // Half of it, as the dice fall here.
  expect(made.map(({ at }) => at)).toEqual([0, 50, 150, 300, 450])
})

describe("errors", () => {
  test("of an upstream that cannot do it do not hide what another one said", async () => {
    const { send, time, make } = acting({
      "p/a": { after: 1, error: "upstream-unauthorized" },
      "p/b": { after: 1, error: "unsupported" },
    })
    const { answer } = send([group("g", [make("p/a"), make("p/b")])])
    expect((await time.until(failure(answer))).kind).toBe("upstream-unauthorized")
  })

  test("with the rule `retry` are met on the same channel first", async () => {
    const retry = new GatewayError("upstream-rejected", "again", {
      rule: { next: "retry", breaker: false, cooldown: null },
    })
    const made = scene((_channel, nth) => (nth === 0 ? { after: 1, error: retry } : { after: 1 }))
    const make = (id: string) => deployment(id, { health: made.health })
    const { answer } = made.send([group("g", [make("p/a"), make("p/b")])])
    expect(await made.time.until(answer)).toBe("p/a#0")
    expect(made.made.map(({ channel, why }) => [channel, why])).toEqual([
      ["p/a#0", "first"],
      ["p/a#0", "retry"],
    ])
    expect(made.made[1]!.at).toBe(1 + 125)
  })

  test("with the rule `retry` lead to the next channel where no retry is left", async () => {
    const retry = new GatewayError("upstream-rejected", "again", {
      rule: { next: "retry", breaker: false, cooldown: null },
    })
    const { send, time, make } = acting({ "p/a": { after: 1, error: retry }, "p/b": { after: 1 } })
    const groups = [group("g", [make("p/a"), make("p/b")], { retries: { attempts: 1 } })]
    expect(await time.until(send(groups).answer)).toBe("p/b#0")
  })
})

describe("limits", () => {
  const limited = (retryAfterMs: number) =>
    new GatewayError("upstream-rate-limited", "slow down", { retryAfterMs })

  test("come back with the time of the channel that is free first, whichever was asked last", async () => {
    const { send, time, make } = acting({
      "p/a": { after: 5, error: limited(7000) },
      "p/b": { after: 5, error: limited(60_000) },
    })
    const { answer } = send([group("g", [make("p/a"), make("p/b")])])
    const { detail, message } = await time.until(failure(answer))
    // The first one has waited for the second.
    expect([message, detail.retryAfterMs]).toEqual(["slow down", 6995])
  })

  test("are not exceeded by requests that come from a failed upstream together", async () => {
    const it = acting({ "p/a": { after: 10, error: "upstream-error" }, "p/b": { after: 100 } })
    const b = deployment("p/b", {
      health: it.health,
      limits: { rpm: undefined, tpm: undefined, parallel: 2 },
    })
    const groups = [group("g", [it.make("p/a", 9), b], { retries: NO_RETRIES })]
    const sent = Array.from({ length: 6 }, () => it.send(groups).answer)
    const outcomes = await it.time.until(Promise.allSettled(sent))
    const well = outcomes.filter(({ status }) => status === "fulfilled")
    expect(well).toHaveLength(2)
    expect(it.made.filter(({ channel }) => channel === "p/b#0")).toHaveLength(2)
  })
})

test("a retry is not made when the breaker has opened while it waited", async () => {
  const it = acting({ "p/a": { after: 1, error: "upstream-error" } })
  const a = it.make("p/a")
  const { answer } = it.send([group("g", [a], { retries: { attempts: 3, backoff: 4000 } })])
  await it.time.until(it.time.sleep(100))
  for (let n = 0; n < 5; n++) {
    it.health.fail(it.health.begin(a.channels[0]!), new GatewayError("upstream-error", ""))
  }
  expect((await it.time.until(failure(answer))).kind).toBe("upstream-error")
  expect(it.made).toHaveLength(1)
  expect([it.budget.active, it.budget.retries]).toEqual([0, 0])
})

describe("an outage", () => {
  test("costs at most 1.2 upstream requests for each request, and few at once", async () => {
    const { send, time, made, make, budget } = acting({
      "p/a": { after: 5, error: "upstream-error" },
      "p/b": { after: 5, error: "upstream-error" },
    })
    const groups = [group("g", [make("p/a", 2), make("p/b")])]
    const sent: Promise<GatewayError>[] = []
    // 200 a second, for ten seconds.
    for (let n = 0; n < 2000; n++) {
      sent.push(failure(send(groups).answer))
      await time.until(time.sleep(5))
    }
    const errors = await time.until(Promise.all(sent))
    expect(made.length).toBeLessThanOrEqual(1.2 * 2000)
    expect(errors.every(({ kind }) => kind === "upstream-error" || kind === "unavailable")).toBe(
      true,
    )
    expect([budget.active, budget.retries]).toEqual([0, 0])
  })

  test("lets few try what is out of order, and tells the others at once when to come back", async () => {
    const { send, time, made, make, health } = acting({ "p/a": { after: 1000 } })
    const a = make("p/a")
    for (let n = 0; n < 5; n++) {
      health.fail(health.begin(a.channels[0]!), new GatewayError("upstream-error", ""))
    }
    const groups = [group("g", [a], { retries: NO_RETRIES })]
    const began = time.clock.now()
    const sent = Array.from({ length: 10 }, () => send(groups).answer)
    const refused = await time.until(Promise.all(sent.slice(3).map(failure)))
    expect(time.clock.now()).toBe(began)
    expect(refused.map(({ kind, detail }) => [kind, detail.retryAfterMs])).toEqual(
      Array(7).fill(["unavailable", 30_000]),
    )
    expect(await time.until(Promise.all(sent.slice(0, 3)))).toEqual(Array(3).fill("p/a#0"))
    expect(made.map(({ why }) => why)).toEqual(["panic", "panic", "panic"])
  })
})

test("an answer that whoever is told of it cannot take is dropped, and the request fails", async () => {
  const { send, time, dropped, make, budget } = acting({ "p/a": { after: 10 } })
  const { answer } = send([group("g", [make("p/a")])], {
    answered() {
      throw new GatewayError("internal", "It cannot be taken.")
    },
  })
  expect((await time.until(failure(answer))).kind).toBe("internal")
  expect(dropped).toEqual(["p/a#0"])
  expect(budget.active).toBe(0)
})
