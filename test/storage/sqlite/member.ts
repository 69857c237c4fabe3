import { join } from "node:path"
import type { Storage, WorkerResult, WorkerTask } from "../../../src/storage/sqlite/open-storage.ts"

/** What a member is asked to do. */
export type Wish =
  | { do: "record"; prefix: string; count: number; prints?: boolean }
  | { do: "put"; id: string; input?: string }
  | { do: "get" | "has" | "delete"; id: string }
  | { do: "flush" | "close" }

/** What a member is sent. */
export type ToMember = { call: number; result: WorkerResult } | { ask: number; wish: Wish }

type FromMember =
  | { ready: true }
  | { call: number; task: WorkerTask }
  | { granted: number; answer: unknown }

/** Starts `programs/member.ts`, a process that only journals, with this process's storage as its writer. */
export async function startMember(storage: Pick<Storage, "serve">, path: string) {
  const waiting = new Map<number, (answer: unknown) => void>()
  const ready = Promise.withResolvers<void>()
  let asked = 0
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "programs/member.ts"), path], {
    stdout: "inherit",
    stderr: "inherit",
    ipc(message: FromMember) {
      if ("ready" in message) ready.resolve()
      else if ("granted" in message) waiting.get(message.granted)?.(message.answer)
      else void serve(message.call, message.task)
    },
  })
  const send = (message: ToMember) => child.send(message)

  async function serve(call: number, task: WorkerTask): Promise<void> {
    const result = await storage.serve(task)
    if (child.exitCode === null && child.signalCode === null) send({ call, result })
  }

  await ready.promise
  return {
    child,
    /** Resolves with what the member says when it has done it. */
    ask(wish: Wish): Promise<unknown> {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      waiting.set(++asked, resolve)
      send({ ask: asked, wish })
      return promise
    },
    /** `kill -9`. Resolves when the process is gone. */
    async kill() {
      child.kill("SIGKILL")
      await child.exited
    },
  }
}
