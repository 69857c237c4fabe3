import { beforeEach, describe, expect, test } from "bun:test"
import type { Deployment } from "../../../src/core/routing.ts"
import type { Health } from "../../../src/routing/health.ts"
import { deployment, testClock, testHealth } from "../parts.ts"
import { objections, told } from "./objecting.ts"

let clock: ReturnType<typeof testClock>
let health: Health
beforeEach(() => {
  clock = testClock()
  health = testHealth(clock)
})

const limited = (limits: Parameters<typeof deployment>[1]) =>
  deployment("a/m", { health, ...limits })

/** Begins so many attempts that are expected to use so many tokens each. */
function use({ channels }: Deployment, times: number, tokens = 0) {
  return Array.from({ length: times }, () => health.begin(channels[0]!, tokens))
}

const now = () => ({ now: clock.now() })

describe("requests at the same time", () => {
  test("are counted by what is under way, over all keys", () => {
    const one = limited({ limits: { parallel: 2 }, keys: 2 })
    const [first] = use(one, 1)
    expect(told([one], {}, now())).toEqual([undefined, undefined])
    health.begin(one.channels[1]!)
    const why = "has 2 requests under way, all that it may (parallel)"
    expect(objections([one], {}, now())).toEqual(
      [0, 1].map(() => ({ filter: "limits", why, busy: true })),
    )
    health.release(first!)
    expect(told([one], {}, now())).toEqual([undefined, undefined])
  })
})

describe("requests a minute", () => {
  test("are used up until the oldest of them leaves the minute", () => {
    const one = limited({ limits: { rpm: 3 } })
    use(one, 1)
    clock.advance(20_000)
    use(one, 2)
    const [found] = objections([one], {}, now())
    expect(found?.filter).toBe("limits")
    expect(found?.why).toStartWith("has used up its 3 requests a minute for 4")
    const left = found!.until! - clock.now()
    clock.advance(left - 1)
    expect(told([one], {}, now())).not.toEqual([undefined])
    clock.advance(1)
    expect(told([one], {}, now())).toEqual([undefined])
  })

  test("are never exceeded in any minute, however requests come", () => {
    const one = limited({ limits: { rpm: 10 } })
    const began: number[] = []
    let state = 1
    for (let step = 0; step < 5000; step++) {
      state = (state * 48_271) % 2_147_483_647
      clock.advance(state % 700)
      if (objections([one], {}, now())[0]) continue
      use(one, 1)
      began.push(clock.now())
    }
    const within = began.map(
      (from) => began.filter((at) => at >= from && at < from + 60_000).length,
    )
    expect(Math.max(...within)).toBe(10)
    // Nothing is left unused either: a request more than a second after room came finds it.
    expect(began.length).toBeGreaterThan(((clock.now() - 1_000_000) / 61_000) * 10 - 10)
  })
})

describe("tokens a minute", () => {
  const asked = { inputTokens: 900, maxTokens: 100 }

  test("leave no room for a request that is expected to need more", () => {
    const one = limited({ limits: { tpm: 10_000 } })
    use(one, 1, 9000)
    expect(told([one], asked, now())).toEqual([undefined])
    use(one, 1, 1)
    const [found] = objections([one], asked, now())
    expect(found?.why).toStartWith("has used up its 10000 tokens a minute for 6")
    clock.advance(found!.until! - clock.now())
    expect(told([one], asked, now())).toEqual([undefined])
  })

  test("that one request exceeds alone are only a guess: nothing would ever be left for it", () => {
    const one = limited({ limits: { tpm: 500 } })
    const other = deployment("b/m", { health })
    expect(told([one, other], asked, now())).toEqual([
      "takes 500 tokens a minute, for about 1000",
      undefined,
    ])
    expect(told([one], asked, now())).toEqual(["takes 500 tokens a minute, for about 1000 ?"])
  })
})

test("a deployment without limits is never full", () => {
  const one = limited({})
  use(one, 1000, 1_000_000)
  expect(told([one], {}, now())).toEqual([undefined])
})

describe("limits that an upstream told", () => {
  const soon = () => clock.now() + 30_000

  test("put a key that has nothing left last, until they are whole again", () => {
    const two = deployment("a/m", { health, keys: 2 })
    const told1 = { requests: { limit: 60, remaining: 0, resetAt: soon() } }
    health.tell(two.channels[0]!, told1)
    expect(objections([two], {}, now())).toEqual([
      {
        filter: "told-limits",
        why: "has no requests left at its upstream for 30 s",
        soft: true,
        until: soon(),
      },
      undefined,
    ])
    clock.advance(30_000)
    expect(told([two], {}, now())).toEqual([undefined, undefined])
  })

  test("count tokens as well", () => {
    const one = deployment("a/m", { health })
    health.tell(one.channels[0]!, { tokens: { limit: 1000, remaining: 0, resetAt: soon() } })
    expect(told([one], {}, now())).toEqual(["has no tokens left at its upstream for 30 s ?"])
  })
})
