import { MEASURED_CORE, runProgram } from "./process.ts"
import { summarise } from "./statistics.ts"

/** How much longer than at its best a piece of work may take on a machine that is called calm. */
const CALM = 1.25

/** Looks at a new run before it knows how fast the machine can be. */
const FIRST_LOOKS = 5

/** What to know of the machine, and to do while it is busy otherwise. */
export interface Machine {
  /** Milliseconds that a piece of work takes now, which is always the same. */
  work(): Promise<number>
  /** Lets some time pass. */
  rest(): Promise<void>
}

/** How steady a machine was: times of one piece of work, where 1 is the shortest. */
export interface Unrest {
  median: number
  most: number
}

/** This machine, on the core of what is measured. */
export const thisMachine: Machine = {
  work: () => runProgram<number>(MEASURED_CORE, "calm-work.ts"),
  rest: () => Bun.sleep(1000),
}

/** Waits for calm moments, and remembers how calm they were. */
export interface Calm {
  /** Waits until the machine is nearly as fast as it was at its best, as long as patience lasts. */
  wait(): Promise<void>
  /** How steady it was when waiting ended. Undefined before. */
  unrest(): Unrest | undefined
}

/** Begins to look at a machine; `patience` is how often it may rest in all. */
export function createCalm(machine: Machine, patience: number): Calm {
  let best = Number.POSITIVE_INFINITY
  let left = patience
  const times: number[] = []
  const look = async () => {
    const time = await machine.work()
    best = Math.min(best, time)
    return time
  }
  return {
    async wait() {
      if (times.length === 0) for (let i = 1; i < FIRST_LOOKS; i += 1) await look()
      let time = await look()
      while (time > best * CALM && left > 0) {
        left -= 1
        await machine.rest()
        time = await look()
      }
      times.push(time)
    },
    unrest() {
      if (times.length === 0) return undefined
      const { median, high } = summarise(times)
      return { median: median / best, most: high / best }
    },
  }
}
