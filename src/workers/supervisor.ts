import type { Logger } from "../core/log.ts"
import type { Storage } from "../storage/sqlite/open-storage.ts"
import { createBackOff } from "./back-off.ts"
import { freeLock } from "./lock.ts"
import {
  ABSENT,
  ACTIVE,
  createSharedMemory,
  removeSharedMemory,
  RETRIES,
  slotOf,
  STATE,
  WAITING,
} from "./memory.ts"
import type { Listening, OfSupervisor, Reloaded } from "./questions.ts"
import { reloadAll } from "./reload-all.ts"
import { startWorker, type WorkerProcess } from "./worker-process.ts"

/** The processes of one router that share its port. */
export interface Supervisor {
  /** Resolves when all serve. @throws WorkerEnded where one ends before */
  start(): Promise<Listening>
  /** Has all load the config again: all of them take it, or none. Never throws. */
  reload(): Promise<Reloaded>
  /** Resolves when all have ended, what they had under way first. */
  stop(signal: string): Promise<void>
  /** Ends all at once. */
  kill(): void
}

/** A worker has ended before it served. It has said why on standard error. */
export class WorkerEnded extends Error {
  override readonly name = "WorkerEnded"
  readonly status: number

  constructor(status: number) {
    super("a worker has ended before it could serve")
    this.status = status
  }
}

export interface SupervisorOptions {
  workers: number
  logger: Logger
  /** What keeps usage; undefined where nothing does. */
  storage: Storage | undefined
  /** Milliseconds that workers may take to end. */
  patience: number
  /** Told after each reload which files the config is made of. */
  files(files: readonly string[]): void
}

/** Starts workers, starts those again that die, and is the one place of what only one process may do. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { logger, storage } = options
  const memory = createSharedMemory()
  const living = new Set<WorkerProcess>()
  const backOffs = Array.from({ length: options.workers }, createBackOff)
  let owners = 0
  let where: Listening | undefined
  let stopping = false
  const { promise: started, resolve: hasStarted } = Promise.withResolvers<void>()
  /** One after the other, and none before all serve. */
  let reloading: Promise<unknown> = started

  /** Starts one in a place. Resolves when it has loaded everything and can serve. */
  async function begin(worker: number): Promise<WorkerProcess> {
    const { promise: ready, resolve } = Promise.withResolvers<void>()
    const answers: OfSupervisor = {
      time: () => performance.now(),
      ready: () => resolve(),
      store: (task) => storage!.serve(task),
      spread(heard) {
        for (const each of living) {
          if (each !== process) void each.ask("learn", heard).catch(() => {})
        }
      },
      reload,
    }
    const process = startWorker({ worker, owner: ++owners, folder: memory.folder }, answers)
    living.add(process)
    const gone = process.ended.then((end) => {
      clear(process)
      throw new WorkerEnded(end.status ?? 1)
    })
    await Promise.race([ready, gone])
    gone.catch(() => {})
    return process
  }

  /** What a dead worker has left. */
  function clear(dead: WorkerProcess): void {
    const { words } = memory
    freeLock(memory, dead.pid)
    const slot = slotOf(dead.place.worker)
    for (const word of [ACTIVE, RETRIES, WAITING]) Atomics.store(words, slot + word, 0)
    Atomics.store(words, slot + STATE, ABSENT)
    living.delete(dead)
    for (const each of living) void each.ask("bury", dead.place.owner).catch(() => {})
    void storage?.adopt()
  }

  /** Lets one serve, and puts another one in its place when it dies. */
  async function serve(worker: WorkerProcess): Promise<void> {
    const since = performance.now()
    where = await worker.ask("listen", where?.port)
    void worker.ended.then(({ status, signal }) => {
      if (stopping) return
      const why = signal ?? `status ${status}`
      logger.error("a worker has ended, another one takes its place", {
        worker: worker.place.worker,
        why,
      })
      void replace(worker.place.worker, performance.now() - since)
    })
  }

  async function replace(place: number, lived: number): Promise<void> {
    const backOff = backOffs[place]!
    for (let wait = backOff.after(lived); !stopping; wait = backOff.after(0)) {
      await Bun.sleep(wait)
      if (stopping) return
      try {
        const worker = await begin(place)
        await serve(worker)
        // It has read the config as it is now, and the others may not have.
        await reload()
        return
      } catch (thrown) {
        logger.error("a worker cannot be started", {
          worker: place,
          cause: thrown instanceof Error ? thrown.message : String(thrown),
        })
      }
    }
  }

  function reload(): Promise<Reloaded> {
    const next = reloading.then(async () => {
      const { reloaded, files } = await reloadAll([...living])
      options.files(files)
      return reloaded
    })
    reloading = next.catch(() => {})
    return next
  }

  return {
    async start() {
      try {
        const all = await Promise.all(Array.from({ length: options.workers }, (_, n) => begin(n)))
        // The first one finds the port, where any will do.
        for (const worker of all) await serve(worker)
        hasStarted()
        return where!
      } catch (thrown) {
        stopping = true
        this.kill()
        removeSharedMemory(memory)
        throw thrown
      }
    },
    reload,
    async stop(signal) {
      stopping = true
      const all = [...living]
      for (const worker of all) void worker.ask("stop", signal).catch(() => {})
      const late = setTimeout(() => this.kill(), options.patience)
      await Promise.all(all.map(({ ended }) => ended))
      clearTimeout(late)
      removeSharedMemory(memory)
      await storage?.ledger.close()
    },
    kill() {
      for (const worker of living) worker.kill()
    },
  }
}
