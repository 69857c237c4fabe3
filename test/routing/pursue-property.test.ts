import { expect, test } from "bun:test"
import { type ErrorKind, GatewayError } from "../../src/core/error.ts"
import type { Channel } from "../../src/core/routing.ts"
import { strategies, type StrategyName } from "../../src/routing/strategies/index.ts"
import { scene } from "./chase.ts"
import { deployment, group } from "./parts.ts"
import { seeded } from "./seeded.ts"

/** What leads elsewhere; an error of the caller's own does not. */
const KINDS = [
  "upstream-error",
  "upstream-timeout",
  "upstream-unreachable",
  "upstream-rate-limited",
  "upstream-unauthorized",
  "upstream-model-missing",
  "unsupported",
] as const satisfies readonly ErrorKind[]

const OF_ITS_SERVER: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  "upstream-error",
  "upstream-timeout",
  "upstream-unreachable",
])

const NAMES = Object.keys(strategies) as StrategyName[]

test.each(NAMES)(
  "%s: whatever is out of order, a request fails only when no ready channel was left untried",
  async (strategy) => {
    let failed = 0
    let answered = 0
    for (let seed = 1; seed <= 150; seed++) {
      const random = seeded(seed)
      const below = (most: number) => Math.floor(random() * most)
      const bad = new Map<string, ErrorKind>()
      const made = scene(({ id }) => {
        const error = bad.get(id)
        return error ? { after: 1 + below(50), error } : { after: 1 + below(50) }
      })
      const { time, health } = made
      const groups = Array.from({ length: 1 + below(3) }, (_, index) => {
        const deployments = Array.from({ length: 1 + below(4) }, (_, n) =>
          deployment(`p${index}/m${n}`, { keys: 1 + below(3), weight: below(4), health }),
        )
        return group(`g${index}`, deployments, {
          strategy,
          fallbacks: [`g${index + 1}`],
          hedge: random() < 0.3 ? { delay: 20 } : undefined,
          retries: { attempts: below(3), backoff: 10, maxBackoff: 20 },
        })
      })
      const channels = groups.flatMap(({ channels }) => channels)
      for (const channel of channels) {
        // A few are well; the others fail, or were found out before.
        if (bad.has(channel.id) || random() < 0.15) continue
        const kind = KINDS[below(KINDS.length)]!
        // A server that is down is so with every key.
        const { channels: keys } = channel.deployment
        for (const each of OF_ITS_SERVER.has(kind) ? keys : [channel]) bad.set(each.id, kind)
        if (random() < 0.4) {
          for (let n = below(6); n >= 0; n--) {
            health.fail(health.begin(channel), new GatewayError(kind, ""))
          }
        }
      }
      await time.until(time.sleep(below(60_000)))
      const isReady = (channel: Channel) => health.standing(channel).state === "ready"
      for (let request = 0; request < 4; request++) {
        const from = made.made.length
        const before = channels.filter(isReady)
        try {
          const id = await time.until(made.send(groups).answer)
          expect(bad.has(id)).toBe(false)
          answered++
        } catch (thrown) {
          if (!(thrown instanceof GatewayError)) throw thrown
          const asked = new Set(made.made.slice(from).map(({ channel }) => channel))
          const left = channels.filter((each) => isReady(each) && !asked.has(each.id))
          expect(left.map(({ id }) => id)).toEqual([])
          expect(before.every(({ id }) => bad.has(id))).toBe(true)
          failed++
        }
      }
      expect([made.budget.active, made.budget.retries]).toEqual([0, 0])
      const busy = channels.filter((each) => each.health.traffic.inFlight > 0)
      await time.until(time.sleep(1000))
      expect(busy.filter((each) => each.health.traffic.inFlight > 0)).toEqual([])
    }
    // Else it says nothing.
    expect(failed).toBeGreaterThan(50)
    expect(answered).toBeGreaterThan(50)
  },
)
