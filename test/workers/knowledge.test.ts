import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import { createSharedMemory, removeSharedMemory } from "../../src/workers/memory.ts"
import { RULES, testClock } from "../routing/parts.ts"
import { seeded } from "../routing/seeded.ts"
import { closing } from "../support/cleanup.ts"
import { createDoer, type Doer } from "./deeds.ts"
import { bury, PROVIDER, takePart } from "./parts.ts"

const use = closing()

async function memoryOf(room: number): Promise<string> {
  const memory = createSharedMemory(room)
  await use({ close: () => removeSharedMemory(memory) })
  return memory.folder
}

/** Several workers that begin together. */
async function together(count: number, room = 4096) {
  const clock = testClock()
  const folder = await memoryOf(room)
  const workers = []
  for (let n = 0; n < count; n++) workers.push(await takePart(folder, n, n + 1, clock))
  return { clock, folder, workers }
}

const failed = () => new GatewayError("upstream-error", "")

describe("what workers know", () => {
  for (let seed = 1; seed <= 20; seed++) {
    test(`is the same whoever did it, and in whichever order they read it (seed ${seed})`, async () => {
      const { clock, workers } = await together(3)
      const random = seeded(seed)
      workers[0]!.knowledge.spending.begin([PROVIDER as never], () => new Map([["p", 7]]))
      const doers = workers.map((worker) => createDoer(worker, random))
      for (let step = 0; step < 400; step++) {
        clock.advance(Math.floor(random() * 300))
        doers[Math.floor(random() * doers.length)]!.act()
      }
      const [first, ...others] = workers.map((worker) => worker.known())
      for (const other of others) expect(other).toEqual(first)
      for (const doer of doers) doer.finish()
      const last = workers.map((worker) => worker.known())
      for (const other of last) expect(other).toEqual(last[0])
      for (const { channels, problems } of workers) {
        expect(channels.map(({ health }) => health.traffic.inFlight)).toEqual(channels.map(() => 0))
        expect(problems).toEqual([])
      }
    })

    test(`is the same for one that falls behind, comes late, or comes again (seed ${seed})`, async () => {
      const { clock, folder, workers } = await together(2, 256)
      const random = seeded(seed)
      const [first, second] = workers
      const doers: Doer[] = workers.map((worker) => createDoer(worker, random))
      const work = (doer: Doer, steps: number) => {
        for (let step = 0; step < steps; step++) {
          clock.advance(Math.floor(random() * 300))
          doer.act()
        }
      }
      first!.knowledge.spending.begin([PROVIDER as never], () => new Map())
      work(doers[0]!, 100)
      work(doers[1]!, 100)
      // The second one reads nothing while all that there is room for is written over, twice.
      work(doers[0]!, 900)
      expect(second!.known()).toEqual(first!.known())
      work(doers[1]!, 50)
      expect(first!.known()).toEqual(second!.known())
      // Another one comes, when the beginning is long gone.
      const coming = takePart(folder, 2, 3, clock)
      await Promise.resolve()
      first!.commons.answer()
      const third = await coming
      work(createDoer(third, random), 80)
      expect(third.known()).toEqual(first!.known())
      expect(second!.known()).toEqual(first!.known())
      bury(third, [first!, second!])
      for (const doer of doers) doer.finish()
      expect(second!.known()).toEqual(first!.known())
      for (const { traffic } of first!.channels.map(({ health }) => health)) {
        expect(traffic.inFlight).toBe(0)
      }
      expect(first!.problems).toEqual([])
    })
  }

  test("is a breaker that failures seen by several have opened, at once for all", async () => {
    const { workers } = await together(3)
    for (let n = 0; n < 5; n++) {
      const { knowledge, channels } = workers[n % 3]!
      knowledge.health.fail(knowledge.health.begin(channels[0]!), failed())
      for (const each of workers) {
        const { state } = each.knowledge.health.standing(each.channels[0]!)
        expect(state).toBe(n < 4 ? "paused" : "open")
      }
    }
  })

  test("is who probes: one at a time, whichever worker it is", async () => {
    const { clock, workers } = await together(2)
    const [one, other] = workers.map(({ knowledge, channels }) => ({ ...knowledge, channels }))
    for (let n = 0; n < 5; n++) one!.health.fail(one!.health.begin(one!.channels[0]!), failed())
    clock.advance(60_000)
    expect(other!.health.standing(other!.channels[0]!).state).toBe("ready")
    const probe = other!.health.begin(other!.channels[0]!)
    expect(one!.health.standing(one!.channels[0]!).state).toBe("busy")
    other!.health.succeed(probe)
    expect(one!.health.standing(one!.channels[0]!).state).toBe("ready")
  })

  test("of one that died is over: its attempts, what it kept aside, and the probe", async () => {
    const { clock, workers } = await together(2)
    const [left, dead] = workers
    left!.knowledge.spending.begin([PROVIDER as never], () => new Map([["p", 100]]))
    for (let n = 0; n < 5; n++) {
      left!.knowledge.health.fail(left!.knowledge.health.begin(left!.channels[0]!), failed())
    }
    clock.advance(60_000)
    dead!.knowledge.health.begin(dead!.channels[0]!)
    dead!.knowledge.spending.hold(PROVIDER as never, 500)
    expect(left!.knowledge.health.standing(left!.channels[0]!).state).toBe("busy")
    expect(left!.knowledge.spending.usedUpUntil(PROVIDER as never, 401, 0)).toBeDefined()
    bury(dead!, [left!])
    expect(left!.knowledge.health.standing(left!.channels[0]!).state).toBe("ready")
    expect(left!.channels[0]!.health.traffic.inFlight).toBe(0)
    expect(left!.knowledge.spending.usedUpUntil(PROVIDER as never, 401, 0)).toBeUndefined()
  })

  test("is how many retries there are, all together", async () => {
    const { workers } = await together(2)
    const [one, other] = workers.map(({ knowledge }) => knowledge.budget)
    const taken = [one!.take(), other!.take(), one!.take()]
    expect(taken.every(Boolean)).toBe(true)
    expect(other!.take()).toBeUndefined()
    taken[0]!()
    taken[0]!()
    expect(other!.retries).toBe(2)
    expect(other!.take()).toBeDefined()
    for (let n = 0; n < 20; n++) one!.enter()
    expect(other!.active).toBe(20)
    expect(other!.take()).toBeDefined()
  })

  test("is judged by the same rules, which change for all at once", async () => {
    const { workers } = await together(2)
    const [one, other] = workers
    const strict = { ...RULES, breaker: { ...RULES.breaker, failures: 2 } }
    for (const { knowledge } of workers) knowledge.rules.prepare("2", strict)
    // A worker that has not come to it yet judges by them as soon as another one does.
    one!.knowledge.rules.take("2")
    for (const { knowledge, channels } of workers) {
      knowledge.health.fail(knowledge.health.begin(channels[0]!), failed())
    }
    for (const { knowledge, channels } of workers) {
      expect(knowledge.health.standing(channels[0]!).state).toBe("open")
    }
    other!.knowledge.rules.take("2")
    expect(other!.known()).toEqual(one!.known())
  })

  test("is where a conversation was answered", async () => {
    const { clock, workers } = await together(2)
    const [one, other] = workers.map(({ knowledge, channels }) => {
      const strategy = knowledge.findStrategy("cache-affinity")!
      return { strategy, channels, memory: knowledge.health.memory("g", strategy), knowledge }
    })
    const request = { session: "s".repeat(22), inputTokens: 5000 }
    const context = { request, memory: one!.memory, now: clock.now() }
    one!.strategy.answered!(one!.channels[3]!, context as never)
    other!.knowledge.health.standing(other!.channels[0]!)
    const score = other!.strategy.scorer({
      request,
      memory: other!.memory,
      now: clock.now(),
      random: () => 0.5,
      candidates: other!.channels,
    } as never)
    const scores = other!.channels.map(score)
    expect(scores.indexOf(Math.min(...scores))).toBe(3)
  })
})
