import type { Part } from "../part.ts"
import { memory } from "../family.ts"
import { chatRequest } from "../request.ts"
import { leaveStreams } from "../streams.ts"
import { load } from "../wrk.ts"

const MEGABYTE = 1_000_000
const WIDTH = 256

/** Milliseconds in which a process comes to rest, and gives back what it does not need. */
const REST = 1000

/** The highest of some values during some work, looked at ten times a second. */
async function highest(value: () => number, work: () => Promise<unknown>): Promise<number> {
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, value())
  }, 100)
  try {
    await work()
  } finally {
    clearInterval(watch)
  }
  return Math.max(most, value())
}

/** Resident memory of a new process: at rest, under load, and after many streams that were left. */
export const memoryPart: Part = {
  name: "memory",
  metrics: [
    { id: "memory.idle", label: "memory at rest after the start", unit: "MB", digits: 1 },
    { id: "memory.busy", label: "memory, 256 connections, highest", unit: "MB", digits: 1 },
    {
      id: "memory.left10",
      label: "memory after a tenth of the left streams",
      unit: "MB",
      digits: 1,
    },
    { id: "memory.left50", label: "memory after half of the left streams", unit: "MB", digits: 1 },
    { id: "memory.left", label: "memory after all left streams", unit: "MB", digits: 1 },
    { id: "memory.flat", label: "all : a tenth of the left streams", unit: "×", digits: 2 },
  ],
  repeats: () => 1,
  async measure({ begin, peer }, { plan, folder }) {
    if (!begin) return undefined
    const target = await begin()
    const megabytes = () => memory(target.pid) / MEGABYTE
    try {
      await Bun.sleep(REST)
      const idle = megabytes()
      const work = () => load(folder, chatRequest(target, "plain"), WIDTH, plan.load)
      const busy = await highest(megabytes, work)
      const values = { "memory.idle": idle, "memory.busy": busy }
      if (peer) return values
      const left: number[] = []
      let done = 0
      for (const part of [0.1, 0.5, 1]) {
        const goal = plan.leaves * part
        await leaveStreams(chatRequest(target, "paced"), goal - done)
        done = goal
        await Bun.sleep(REST)
        left.push(megabytes())
      }
      const [first = 0, half = 0, all = 0] = left
      return {
        ...values,
        "memory.left10": first,
        "memory.left50": half,
        "memory.left": all,
        "memory.flat": all / first,
      }
    } finally {
      await target.stop()
    }
  },
}
