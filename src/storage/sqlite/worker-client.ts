import type { WorkerReply, WorkerRequest, WorkerResult, WorkerTask } from "./messages.ts"

// In a compiled executable every module's URL is that of the executable, and the build lays its extra
// entry points beside it by their bare names: the same relative URL finds the file in both.
const WORKER_URL = new URL("./ledger-worker.ts", import.meta.url).href

/** Bun's workers can let go of the process; the DOM's type does not know that. */
type HoldingWorker = Worker & { ref(): void; unref(): void }

/** The worker as functions. A worker that died is started again by the next call. */
export interface WorkerClient {
  /** Never rejects. */
  call(task: WorkerTask): Promise<WorkerResult>
  readonly running: boolean
  terminate(): void
}

/** Starts nothing until the first call. While no call is under way it does not hold the process. */
export function createWorkerClient(): WorkerClient {
  const waiting = new Map<number, (result: WorkerResult) => void>()
  let calls = 0
  let worker: HoldingWorker | undefined

  function fail(dead: Worker, message: string): void {
    if (worker !== dead) return
    worker = undefined
    const left = [...waiting.values()]
    waiting.clear()
    for (const resolve of left) resolve({ ok: false, cause: "worker", message, notices: {} })
  }

  function start(): HoldingWorker {
    const started = new Worker(WORKER_URL) as HoldingWorker
    started.addEventListener("message", ({ data }: MessageEvent<WorkerReply>) => {
      const resolve = waiting.get(data.call)
      waiting.delete(data.call)
      if (waiting.size === 0) started.unref()
      resolve?.(data.result)
    })
    started.addEventListener("error", (event) => {
      event.preventDefault()
      fail(started, event.message)
      started.terminate()
    })
    started.addEventListener("close", () => fail(started, "the storage thread ended"))
    return started
  }

  return {
    call(task) {
      return new Promise((resolve) => {
        worker ??= start()
        const request: WorkerRequest = { call: ++calls, task }
        waiting.set(request.call, resolve)
        worker.ref()
        worker.postMessage(request)
      })
    },
    get running() {
      return worker !== undefined
    },
    terminate() {
      const dying = worker
      if (!dying) return
      fail(dying, "the storage thread was ended")
      dying.terminate()
    },
  }
}
