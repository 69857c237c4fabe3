import { expect, test } from "bun:test"
import { join } from "node:path"
import { openUsageReader } from "../../src/storage/sqlite/usage-reader.ts"
import { seeded } from "../routing/seeded.ts"
import { closing, until } from "../support/cleanup.ts"
import { type Router, startRouter } from "../support/router.ts"
import { startUpstream, type Upstream } from "../support/upstream/index.ts"
import { CALLER_IDS, CALLERS, upstreamOf } from "./continuation-bench.ts"

const use = closing()
const COUNT = 200
/** Requests after which there must be enough of every sort. */
const MOST = 3 * COUNT
const AT_ONCE = 8
const BUDGET = 1e12
const KINDS = ["openai-chat", "anthropic-messages", "gemini", "openai-chat"]
const NEVER = { network: "0s", server: "0s" }

/** What an upstream does with one request. */
function behaviour(random: () => number): string {
  const pick = (...from: string[]) => from[Math.floor(random() * from.length)]!
  const number = (below: number) => Math.floor(random() * below)
  const use = `use:;input=${100 + number(900)};read=${number(50)};output=${1 + number(90)}|`
  const slow = pick("", "", `slow:${number(60)}ms|`)
  const text = `role|tok:1|line:${1 + number(400)}|tok:${1 + number(9)}${pick("", "@5ms")}|`
  const end = pick("usage|done", "usage|done", "stall:20ms|cut", "stall:20ms|rst", "cut", "stall")
  return pick(
    `${use}${slow}${text}${end}`,
    `${use}${slow}${text}${end}`,
    pick("stall", "status:500", "rst"),
  )
}

async function opened(random: () => number): Promise<Router> {
  const chain: Upstream[] = []
  for (const _ of KINDS) chain.push(await use(startUpstream({ script: () => behaviour(random) })))
  const timeouts = { connect: "1s", response: "80ms", firstContent: "80ms", stall: "100ms" }
  const providers = KINDS.map((id, at) => [
    `u${at}`,
    {
      ...upstreamOf(id).provider(`http://127.0.0.1:${chain[at]!.port}`),
      budget: `$${BUDGET / 1e9}`,
      timeouts,
    },
  ])
  const models = KINDS.map((id, at) => ({
    provider: `u${at}`,
    model: upstreamOf(id).model,
    price: { input: 1 + at, output: 7 + 3 * at },
  }))
  const from = (at: number) => [...models.slice(at), ...models.slice(0, at)]
  return use(
    startRouter({
      providers: Object.fromEntries(providers),
      groups: {
        g: { models: from(0), hedge: "30ms", mirror: { group: "shadow", percent: 50 } },
        h: { models: from(1), continuation: true, strategy: "random" },
        i: { models: from(2), continuation: true, hedge: "20ms", mirror: { group: "h" } },
        shadow: { models: from(3), strategy: "random" },
      },
      retries: { attempts: 2, backoff: "1ms", maxBackoff: "2ms" },
      cooldown: NEVER,
      breaker: { failures: 0, rate: 0 },
      server: { keepAlive: "25ms" },
    }),
  )
}

/** One request, which its client may leave. */
async function exchange(router: Router, random: () => number): Promise<void> {
  const [path, body] = CALLERS[CALLER_IDS[Math.floor(random() * CALLER_IDS.length)]!]
  const model = ["g", "h", "i"][Math.floor(random() * 3)]!
  const whole = random() < 0.25
  const client = new AbortController()
  const stop = random() < 0.3 ? setTimeout(() => client.abort(), random() * 120) : undefined
  const at = path.replace("/g:", `/${model}:`)
  try {
    const response = await fetch(
      router.url + (whole ? at.replace(":streamGenerateContent?alt=sse", ":generateContent") : at),
      {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...body, ...("model" in body && { model, stream: !whole }) }),
        signal: client.signal,
      },
    )
    await response.text()
  } catch {
    // It has left.
  }
  clearTimeout(stop)
}

/** Nano-USD that are spent, or still kept aside, at each provider. */
function live({ runtime }: Router): number[] {
  const { spending, clock } = runtime.context
  return runtime.snapshot.settings.providers.map((provider) => {
    let [least, most] = [0, BUDGET]
    while (least < most) {
      const middle = Math.ceil((least + most) / 2)
      if (spending.usedUpUntil(provider, middle, clock.now()) === undefined) least = middle
      else most = middle - 1
    }
    return BUDGET - least
  })
}

test.each([1, 2])(
  "whatever happens, all know the same sums: seed %d",
  async (seed) => {
    const random = seeded(seed)
    const router = await opened(random)
    const arrived = arrivalsAt(router)
    const { mirrors } = router.runtime.context
    const groups = [...router.runtime.snapshot.table.groups.values()]
    const idle = () =>
      mirrors.size === 0 &&
      groups.every(({ channels }) => channels.every(({ health }) => health.traffic.inFlight === 0))
    const own = async () => (await router.rows()).filter((row) => row["mirror_of"] === null)
    let begun = 0
    const askUpTo = async (count: number) => {
      const client = async () => {
        while (begun < count) {
          begun++
          await exchange(router, random)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, client))
      // A client may leave before its request has arrived.
      await until(async () => idle() && (await own()).length === arrived())
      expect(arrived()).toBeGreaterThan(0.9 * count)
    }
    await askUpTo(COUNT)
    let rows = await router.rows()
    // How many there are of each sort is chance.
    while (begun < MOST && fewest(rows) <= 4) {
      await askUpTo(begun + COUNT / 4)
      rows = await router.rows()
    }
    expect(fewest(rows)).toBeGreaterThan(4)

    const spent = live(router)
    using reader = opening(join(router.folder, ".llmrouter/llmrouter.db"))
    const later = reader.reader.spentSince(Number.NEGATIVE_INFINITY)
    const sum = rows.reduce((all, row) => all + Number(row["cost"] ?? 0), 0)
    expect(KINDS.map((_, at) => later.get(`u${at}`) ?? 0)).toEqual(spent)
    expect(spent.reduce((all, each) => all + each)).toBe(sum)
  },
  60_000,
)

/** How many requests there are of the rarest sort: without some of each the sums say little. */
function fewest(rows: readonly Record<string, unknown>[]): number {
  const some = (is: (row: Record<string, unknown>) => boolean) => rows.filter(is).length
  const seen = {
    left: some((row) => row["status"] === 499),
    cut: some((row) => row["error"] === "upstream-truncated"),
    continued: some((row) => Number(row["continued"]) > 0),
    wasted: some((row) => Number(row["wasted"]) > 0),
    mirrors: some((row) => row["mirror_of"] !== null),
    hedged: some((row) => String(row["route"]).includes('"hedge"')),
  }
  return Math.min(...Object.values(seen))
}

/** @returns how many requests have come to the gateway since this was called */
function arrivalsAt({ runtime }: Router): () => number {
  const { handle } = runtime
  let count = 0
  runtime.handle = (exchange) => {
    count++
    return handle(exchange)
  }
  return () => count
}

function opening(path: string) {
  const reader = openUsageReader(path)!
  return { reader, [Symbol.dispose]: () => reader.close() }
}
