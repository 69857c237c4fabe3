import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { DeploymentLimits } from "../../src/core/settings.ts"
import { createQueue, type Queue } from "../../src/routing/queue.ts"
import { type Act, failure, scene } from "./chase.ts"
import { deployment, group } from "./parts.ts"
import { virtualTime } from "./virtual-time.ts"

const LIMITED = new GatewayError("upstream-rate-limited", "slow down", { retryAfterMs: 8000 })

/** One deployment with limits and a queue before it. */
function narrow(
  limits: Partial<DeploymentLimits>,
  queue: { max: number; timeout: number },
  act: Act | ((nth: number) => Act) = { after: 100 },
) {
  const made = scene((_channel, nth) => (typeof act === "function" ? act(nth) : act))
  const groups = [group("g", [deployment("p/a", { limits, health: made.health })], { queue })]
  const from = (caller: string) => made.send(groups, { request: { caller } })
  return Object.assign(made, { from, queue: made.queues.of("g") })
}

describe("a request that finds every channel at its limit", () => {
  test("waits for a slot, and never is a limit exceeded", async () => {
    const it = narrow({ parallel: 2 }, { max: 10, timeout: 5000 })
    const sent = Array.from({ length: 7 }, () => it.from("a").answer)
    expect(it.queue.size).toBe(5)
    expect(await it.time.until(Promise.all(sent))).toHaveLength(7)
    expect(it.made.map(({ at }) => at)).toEqual([0, 0, 100, 100, 200, 200, 300])
    expect([it.most, it.budget.active, it.queue.size]).toEqual([2, 0, 0])
  })

  test("is refused at once when the queue is full", async () => {
    const { from, time } = narrow({ parallel: 1 }, { max: 2, timeout: 5000 })
    const began = time.clock.now()
    const sent = Array.from({ length: 3 }, () => from("a").answer)
    const refused = await time.until(failure(from("a").answer))
    expect(time.clock.now()).toBe(began)
    expect([refused.kind, refused.status, refused.detail.code]).toEqual([
      "rate-limited",
      429,
      "rate_limit_exceeded",
    ])
    await time.until(Promise.all(sent))
  })

  test("is refused with the true earliest time when it has waited as long as it may", async () => {
    const { from, time, queue } = narrow({ rpm: 1 }, { max: 2, timeout: 5000 })
    await time.until(from("a").answer)
    const began = time.clock.now()
    const { detail, kind } = await time.until(failure(from("a").answer))
    expect([kind, time.clock.now() - began, queue.size]).toEqual(["rate-limited", 5000, 0])
    // The first one leaves the minute then.
    expect(detail.retryAfterMs).toBeWithin(54_000, 56_000)
  })

  test("goes when the time has come that an upstream has told, also after its own attempt", async () => {
    const { from, time, made } = narrow({}, { max: 2, timeout: 20_000 }, (nth) =>
      nth === 0 ? { after: 10, error: LIMITED } : { after: 10 },
    )
    const first = from("a").answer
    await time.until(time.sleep(100))
    const second = from("b").answer
    await time.until(Promise.all([first, second]))
    expect(made.map(({ at }) => at)).toEqual([0, 8010, 8010])
  })

  test("gets the upstream's own error where the time is too far away", async () => {
    const { from, time } = narrow({}, { max: 2, timeout: 1000 }, { after: 10, error: LIMITED })
    const error = await time.until(failure(from("a").answer))
    expect(error.detail.retryAfterMs).toBe(7000)
    expect(error.status).toBe(429)
  })

  test("leaves the queue with its client, and lets the others go on", async () => {
    const { from, time, made, queue } = narrow({ parallel: 1 }, { max: 5, timeout: 5000 })
    const first = from("a")
    const second = from("a")
    const third = from("a")
    expect(queue.size).toBe(2)
    second.end(new GatewayError("client-gone", ""))
    expect((await failure(second.answer)).kind).toBe("client-gone")
    expect(queue.size).toBe(1)
    await time.until(Promise.all([first.answer, third.answer]))
    expect(made).toHaveLength(2)
  })

  test("does not overtake those who wait already", async () => {
    const order: string[] = []
    const { from, time } = narrow({ rpm: 1 }, { max: 9, timeout: 600_000 })
    const send = async (name: string) => {
      await from("a").answer
      order.push(name)
    }
    // The minute's one request is free again just when somebody new comes along.
    const third = time.sleep(61_000).then(() => send("third"))
    const sent = [send("first"), send("second")]
    await time.until(Promise.all([...sent, third]))
    expect(order).toEqual(["first", "second", "third"])
  })
})

test("those who wait make no room for retries", async () => {
  const { from, time, budget } = narrow({ parallel: 1 }, { max: 100, timeout: 5000 })
  const sent = Array.from({ length: 50 }, () => from("a").answer)
  expect(budget.active).toBe(1)
  await time.until(Promise.all(sent))
  expect(budget.active).toBe(0)
})

test("a caller who floods the router waits for itself, not the others for it", async () => {
  const { from, time } = narrow({ parallel: 2 }, { max: 2000, timeout: 600_000 })
  const flood = Array.from({ length: 1000 }, () => from("flood").answer)
  await time.until(time.sleep(50))
  const began = time.clock.now()
  const took: number[] = []
  const others = Array.from({ length: 10 }, async (_, n) => {
    await time.sleep(n * 100)
    const sent = time.clock.now()
    await from("other").answer
    took.push(time.clock.now() - sent)
  })
  await time.until(Promise.all(others))
  // The slot that is free next, and the answer itself.
  expect(Math.max(...took)).toBeLessThanOrEqual(250)
  expect(time.clock.now() - began).toBeLessThan(2000)
  await time.until(Promise.all(flood))
})

describe("those who wait for one channel of a group", () => {
  /** `p/a` takes one request at once, and each takes ten seconds; `p/b` takes as many as come. */
  function twoWays(queue: { max: number; timeout: number }) {
    const made = scene((channel) => ({ after: channel.id.startsWith("p/a") ? 10_000 : 10 }))
    const { health } = made
    const tags = ["a"]
    const limits = { parallel: 1 }
    const groups = [
      group("g", [deployment("p/a", { health, limits, tags }), deployment("p/b", { health })], {
        queue,
        tagMatch: "strict",
      }),
    ]
    const pinned = groups[0]!.channels[0]!
    return { ...made, groups, pinned, queue: made.queues.of("g") }
  }

  for (const way of ["by its number", "by its tag"]) {
    test(`${way} do not hold up those who can go elsewhere`, async () => {
      const { send, groups, pinned, time, queue } = twoWays({ max: 10, timeout: 60_000 })
      const only = way === "by its tag" ? { request: { tags: ["a"] } } : { pinned }
      const first = send(groups, only)
      const second = send(groups, only)
      expect(queue.size).toBe(1)
      const began = time.clock.now()
      expect(await time.until(send(groups).answer)).toBe("p/b#0")
      expect(time.clock.now() - began).toBe(10)
      expect(await time.until(Promise.all([first.answer, second.answer]))).toHaveLength(2)
    })
  }

  test("hold up no other caller either, however many they are", async () => {
    const { send, groups, pinned, time, queue } = twoWays({ max: 500, timeout: 60_000 })
    const crowd = Array.from({ length: 20 }, (_, n) =>
      send(groups, { pinned, request: { caller: `caller-${n}` } }),
    )
    expect(queue.size).toBe(19)
    const began = time.clock.now()
    expect(await time.until(send(groups, { request: { caller: "other" } }).answer)).toBe("p/b#0")
    expect(time.clock.now() - began).toBe(10)
    for (const each of crowd) {
      each.answer.catch(() => {})
      each.end(LIMITED)
    }
  })

  test("hear of the limit when their time is up, also those behind others", async () => {
    const { send, groups, pinned, time, queue } = twoWays({ max: 10, timeout: 1000 })
    const first = send(groups, { pinned })
    const errors = await time.until(
      Promise.all([1, 2, 3].map(() => failure(send(groups, { pinned }).answer))),
    )
    expect(errors.map(({ detail: { code } }) => code)).toEqual(Array(3).fill("rate_limit_exceeded"))
    expect(queue.size).toBe(0)
    await time.until(first.answer)
  })
})

test("whoever stood behind one that has given up is looked at again", async () => {
  const time = virtualTime()
  const queue = createQueue(time.clock, time.timers)
  const gone: string[] = []
  const enter = (name: string, ask: () => number | undefined, timeout: number) =>
    queue.enter(
      { caller: null, kind: "", ask, expired: () => gone.push(name) },
      { max: 9, timeout },
    )
  const large = () => enter("large", () => Number.POSITIVE_INFINITY, 100)
  const small = () => enter("small", () => void gone.push("went"), 10_000)
  const leave = large()!
  small()
  queue.wake()
  leave()
  expect(gone).toEqual(["went"])
  large()
  small()
  await time.until(time.sleep(200))
  expect(gone).toEqual(["went", "large", "went"])
})

describe("a wake-up", () => {
  function filled(room: { left: number }, callers: readonly string[]) {
    const time = virtualTime()
    const queue: Queue = createQueue(time.clock, time.timers)
    const asked: string[] = []
    for (const caller of callers) {
      queue.enter(
        {
          caller,
          kind: "",
          ask() {
            asked.push(caller)
            if (room.left === 0) return Number.POSITIVE_INFINITY
            room.left--
            return undefined
          },
          expired() {},
        },
        { max: 1000, timeout: 60_000 },
      )
    }
    return { queue, asked, time }
  }

  test("asks as many as there is room for, and one more of each caller", () => {
    const { queue, asked } = filled({ left: 3 }, Array(500).fill("a"))
    queue.wake()
    expect(asked).toHaveLength(4)
    expect(queue.size).toBe(497)
  })

  test("asks a bounded number in vain, however many callers wait", () => {
    const { queue, asked } = filled(
      { left: 0 },
      Array.from({ length: 500 }, (_, n) => `caller-${n}`),
    )
    queue.wake()
    expect(asked.length).toBeLessThanOrEqual(8)
  })

  test("reaches those behind many who wait for something else", () => {
    const time = virtualTime()
    const queue = createQueue(time.clock, time.timers)
    const asked: string[] = []
    for (let n = 0; n < 100; n++) {
      const [kind, until] = n === 99 ? ["free", undefined] : ["busy", Number.POSITIVE_INFINITY]
      const ask = () => {
        asked.push(kind)
        return until
      }
      const waiter = { caller: `caller-${n}`, kind, ask, expired() {} }
      queue.enter(waiter, { max: 1000, timeout: 60_000 })
    }
    queue.wake()
    expect(asked).toEqual([...Array<string>(8).fill("busy"), "free"])
  })

  test("gives callers turns", () => {
    const { queue, asked } = filled({ left: 5 }, ["a", "a", "a", "a", "b", "c", "c"])
    queue.wake()
    expect(asked.slice(0, 5)).toEqual(["a", "b", "c", "a", "c"])
  })
})
