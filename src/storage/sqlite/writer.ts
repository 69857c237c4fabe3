import { messageOf } from "./failure.ts"
import type { WorkerResult, WorkerTask } from "./messages.ts"
import { createWorkerClient } from "./worker-client.ts"

/** The way to the process whose thread writes to the database. */
export interface StorageWriter {
  /** Where nobody can be asked, the cause is `worker`; the same is asked again later. */
  call(task: WorkerTask): Promise<WorkerResult>
}

/** Whoever writes to the database: a thread of this process, or another process. */
export interface Writer extends StorageWriter {
  /** Whether it takes up the journals of other living processes too. */
  readonly shared: boolean
  /** Answers another process's task. */
  serve(task: WorkerTask): Promise<WorkerResult>
  /** Lets go of it. */
  end(): Promise<void>
}

/**
 * @param path of the SQLite file, which others' tasks are about whatever they say
 * @param opening what a thread is told first, whoever makes it start
 */
export function createOwnWriter(path: string, opening: () => WorkerTask): Writer {
  const worker = createWorkerClient()
  let shared = false
  async function call(task: WorkerTask): Promise<WorkerResult> {
    if (worker.running || task.task === "open") return worker.call(task)
    const opened = await worker.call(opening())
    if (!opened.ok) return opened
    const result = await worker.call(task)
    return { ...result, notices: { ...opened.notices, ...result.notices } }
  }
  return {
    call,
    get shared() {
      return shared
    },
    async serve(task) {
      shared = true
      // Opening and closing is the owner's.
      if (task.task === "open" || task.task === "close") return failed("not served")
      return call({ ...task, path })
    },
    async end() {
      if (!worker.running) return
      await worker.call({ task: "close" })
      worker.terminate()
    },
  }
}

/** Another process's writer. */
export function createRemoteWriter(writer: StorageWriter): Writer {
  const call = async (task: WorkerTask) => {
    try {
      return await writer.call(task)
    } catch (thrown) {
      return failed(messageOf(thrown))
    }
  }
  return { call, shared: true, serve: call, end: async () => {} }
}

function failed(message: string): WorkerResult {
  return { ok: false, cause: "worker", message, notices: {} }
}
