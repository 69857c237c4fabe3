import { type Channel, createChannel, type Message } from "./channel.ts"
import { type Place, placeInEnvironment } from "./place.ts"
import type { OfSupervisor, OfWorker } from "./questions.ts"

/** A worker as the process sees it that has started it. */
export interface WorkerProcess extends Channel<OfWorker> {
  readonly place: Place
  readonly pid: number
  /** How it ended: its exit status, or the signal that killed it. */
  readonly ended: Promise<{ status: number | null; signal: string | null }>
  kill(): void
}

/**
 * Starts one more process of this program, with the same arguments.
 *
 * @param answers what it may ask
 */
export function startWorker(place: Place, answers: OfSupervisor): WorkerProcess {
  const { promise: ended, resolve } = Promise.withResolvers<Awaited<WorkerProcess["ended"]>>()
  const child = Bun.spawn([...program(), ...process.argv.slice(2)], {
    env: { ...process.env, ...placeInEnvironment(place) },
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc: (message) => channel.receive(message as Message),
    onExit(_, status, signal) {
      channel.close()
      resolve({ status, signal: signal === null ? null : nameOf(signal) })
    },
  })
  const channel = createChannel<OfWorker, OfSupervisor>((message) => {
    try {
      child.send(message)
    } catch {
      // It has ended, which is told to those who wait when the system says so.
    }
  }, answers)
  return {
    ...channel,
    place,
    pid: child.pid,
    ended,
    kill: () => child.kill("SIGKILL"),
  }
}

/** What starts this program. */
function program(): string[] {
  const source = Bun.isStandaloneExecutable ? [] : [...process.execArgv, process.argv[1]!]
  return [process.execPath, ...source]
}

function nameOf(signal: number | string): string {
  return typeof signal === "number" ? `signal ${signal}` : signal
}
