import { createAgenda } from "./agenda.ts"
import { exponential, createRandom, normal } from "./random.ts"
import type { VirtualRequest } from "./request.ts"
import type { Tokens, Workload } from "./scenario.ts"
import { msOf } from "./time.ts"

/** Bytes of JSON per token: their median and spread. The router knows neither. */
const BYTES = { median: 4, spread: 0.06 }
const GROWTH: Tokens = { median: 600, spread: 0.7 }
/** Milliseconds that an answer is taken to last per token, for when the next turn comes. */
const READING = 12

interface Conversation {
  session: string | undefined
  caller: string
  stream: boolean
  left: number
  input: number
}

/**
 * The requests of a workload, in the order of their arrival. Turns come by the clock, and not when
 * the answer before has really come: so every strategy gets the same requests at the same times.
 */
export function workloadRequests(
  workload: Workload,
  length: number,
  count: number,
  seed: number,
): VirtualRequest[] {
  const random = createRandom(seed)
  const gauss = () => normal(random(), random())
  const lognormal = (median: number, spread: number) => median * Math.exp(spread * gauss())
  const tokens = (of: Tokens) =>
    Math.max(1, Math.round(typeof of === "number" ? of : lognormal(of.median, of.spread)))
  const { turns = 1, growth = GROWTH, stream = 1, callers = 10, spread = 0.35 } = workload
  const think = msOf(workload.think ?? "20s")
  const rate = rateAt(workload)
  const agenda = createAgenda()
  const requests: VirtualRequest[] = []

  function firstInput(): number {
    const { input } = workload
    if (!Array.isArray(input)) return tokens(input)
    let draw = random() * input.reduce((sum, { share }) => sum + share, 0)
    for (const part of input) {
      draw -= part.share
      if (draw < 0) return tokens(part.tokens)
    }
    return tokens(input.at(-1)!.tokens)
  }

  function turn(at: number, conversation: Conversation): void {
    const { session, caller, stream, input } = conversation
    const output = tokens(workload.output)
    requests.push({
      index: requests.length,
      at,
      session,
      caller,
      stream,
      input,
      output,
      bytes: Math.ceil(input * lognormal(BYTES.median, BYTES.spread)),
      difficulty: Math.exp(spread * gauss()),
    })
    if (--conversation.left === 0) return
    conversation.input += output + tokens(growth)
    const next = at + output * READING + lognormal(think, 0.6)
    agenda.add(next, () => turn(next, conversation))
  }

  let conversations = 0
  function begin(at: number): void {
    conversations++
    turn(at, {
      session: turns > 1 ? `conversation-${conversations}` : undefined,
      caller: `caller-${Math.floor(random() * callers)}`,
      stream: random() < stream,
      left: turns === 1 ? 1 : Math.max(1, Math.round(turns * exponential(random()))),
      input: firstInput(),
    })
  }

  // Poisson arrivals with a changing rate, by thinning (Lewis and Shedler, 1979).
  let now = 0
  while (requests.length < count) {
    now += (exponential(random()) / rate.most) * 1000
    while (agenda.next() <= now && requests.length < count) agenda.take()()
    if (requests.length < count && random() * rate.most < rate.at(now % length)) begin(now)
  }
  return requests
}

/** How many requests one length of the scenario has, about. */
export function usualCount(workload: Workload, length: number): number {
  const rate = rateAt(workload)
  const points = 200
  let sum = 0
  for (let n = 0; n < points; n++) sum += rate.at(((n + 0.5) / points) * length)
  return Math.max(1, Math.round((sum / points) * (length / 1000) * (workload.turns ?? 1)))
}

function rateAt({ rate }: Workload): { most: number; at(time: number): number } {
  if (typeof rate === "number") return { most: rate, at: () => rate }
  const points = rate.map(({ at, rate }) => ({ at: msOf(at), rate }))
  const most = Math.max(...points.map(({ rate }) => rate))
  return {
    most,
    at(time) {
      const next = points.findIndex(({ at }) => at > time)
      if (next === 0) return points[0]!.rate
      const from = points[next < 0 ? points.length - 1 : next - 1]!
      const to = points[next < 0 ? 0 : next]!
      if (next < 0) return from.rate
      return from.rate + ((to.rate - from.rate) * (time - from.at)) / (to.at - from.at)
    },
  }
}
