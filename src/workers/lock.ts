import { LOCK, type SharedMemory } from "./memory.ts"

/** How often it is tried before the processor is left to others, and for how many milliseconds that is. */
const SPINS = 200
const REST = 0.05
/** Rests after which it is asked whether who has the lock still lives. */
const PATIENCE = 20

/** A lock that one process has at a time. Held for microseconds; whoever has it may take it again. */
export interface Lock {
  readonly held: boolean
  take(): void
  /** As often as it was taken. */
  give(): void
}

/** @param own a number that no other process has while this one lives: its id */
export function createLock({ words }: Pick<SharedMemory, "words">, own = process.pid): Lock {
  let depth = 0
  return {
    get held() {
      return depth > 0
    },
    take() {
      if (depth++ > 0) return
      if (Atomics.compareExchange(words, LOCK, 0, own) !== 0) wait(words, own)
    },
    give() {
      if (--depth === 0) Atomics.store(words, LOCK, 0)
    },
  }
}

/** Takes the lock from a process that has died. What it was about to write nobody has seen. */
export function freeLock({ words }: Pick<SharedMemory, "words">, dead: number): void {
  Atomics.compareExchange(words, LOCK, dead, 0)
}

/** What nobody ever wakes: to wait for it is to sleep. */
const never = new Int32Array(new SharedArrayBuffer(4))

function wait(words: Int32Array<ArrayBuffer>, own: number): void {
  const taken = () => Atomics.compareExchange(words, LOCK, 0, own) === 0
  for (let spins = 0; spins < SPINS; spins++) if (taken()) return
  // Whoever has it is not running, or has more to do than usual: it needs the processor.
  for (let rests = 1; ; rests++) {
    Atomics.wait(never, 0, 0, REST)
    if (taken()) return
    if (rests % PATIENCE !== 0) continue
    const owner = Atomics.load(words, LOCK)
    if (owner !== 0 && !isAlive(owner)) freeLock({ words }, owner)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as { code?: string }).code !== "ESRCH"
  }
}
