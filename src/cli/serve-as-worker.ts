import type { LoadOptions, LoadResult } from "../config/load.ts"
import { logReload, type PreparedReload, type Runtime } from "../runtime.ts"
import { createChannel, type Message } from "../workers/channel.ts"
import { removeSharedMemory } from "../workers/memory.ts"
import type { Place } from "../workers/place.ts"
import type { OfSupervisor, OfWorker, Prepared } from "../workers/questions.ts"
import { takeSeat } from "../workers/seat.ts"
import { EXIT } from "./exit.ts"
import {
  cannotListen,
  createServing,
  type ServeFlags,
  type Serving,
  surviveErrors,
} from "./serving.ts"

/** Serves as one of several processes on one port, and does what the one says that has started it. */
export async function serveAsWorker(options: {
  load: LoadOptions
  loaded: Extract<LoadResult, { ok: true }>
  flags: ServeFlags
  place: Place
}): Promise<void> {
  const { place } = options
  let serving: Serving | undefined
  let prepared: PreparedReload | undefined
  let stopping = false

  async function stop(): Promise<void> {
    if (stopping) return
    stopping = true
    await serving?.stop()
    process.exit(EXIT.ok)
  }

  const answers: OfWorker = {
    async listen(port) {
      const { server } = serving!.runtime.settings
      try {
        return serving!.listen(port)
      } catch (thrown) {
        throw new Error(cannotListen(thrown, server.host!, port ?? server.port))
      }
    },
    async prepare() {
      prepared = await serving!.runtime.prepare()
      return saidOf(prepared)
    },
    conclude({ reloaded, speaks }) {
      const { runtime } = serving!
      if (reloaded.ok) prepared?.take(!speaks)
      if (speaks) tell(runtime, reloaded.failure ?? prepared?.result, reloaded.changed)
      runtime.conclude(reloaded.changed, reloaded.failure)
      prepared = undefined
    },
    learn: (heard) => serving?.runtime.learn(heard),
    bury: (owner) => seat.bury(owner),
    stop: () => void stop(),
  }
  const channel = createChannel<OfSupervisor, OfWorker>(
    (message) => void process.send!(message),
    answers,
  )
  process.on("message", (message) => channel.receive(message as Message))
  // Whoever has started it is gone: nobody would end it.
  process.on("disconnect", () => {
    channel.close()
    removeSharedMemory(place)
    void stop()
  })
  // A terminal and a service manager tell all processes; only the one that has started them decides.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {})

  const warn = (problem: unknown) =>
    serving?.runtime.logger.error("an event of another worker makes no sense", {
      cause: problem instanceof Error ? problem.message : String(problem),
    })
  const seat = await takeSeat(place, channel, warn)
  serving = await createServing({ ...options, seat })
  surviveErrors(serving.runtime)
  await channel.ask("ready", undefined)
}

function saidOf({ result, changed }: PreparedReload): Prepared {
  return {
    version: result.ok ? result.settings.version : undefined,
    changed,
    failure: result.ok ? undefined : result,
    files: result.files,
  }
}

function tell({ logger }: Runtime, result: LoadResult | undefined, changed: boolean): void {
  if (result) logReload(logger, result, changed)
}
