// member.ts <database>: a process that only journals; its parent writes to the database. It does what
// its parent asks, and when that is gone it records 50 more rows and prints their ids.
import { writeSync } from "node:fs"
import { systemClock } from "../../../../src/core/clock.ts"
import {
  openStorage,
  type StorageWriter,
  type WorkerResult,
} from "../../../../src/storage/sqlite/open-storage.ts"
import type { ToMember, Wish } from "../member.ts"
import { ownId, recordingLogger, storedAnswer, usageRow } from "../support.ts"

const [path = ""] = process.argv.slice(2)
const waiting = new Map<number, PromiseWithResolvers<WorkerResult>>()
let calls = 0
const writer: StorageWriter = {
  call(task) {
    const call = Promise.withResolvers<WorkerResult>()
    waiting.set(++calls, call)
    if (process.connected) process.send?.({ call: calls, task })
    else call.reject(new Error("nobody is there"))
    return call.promise
  },
}
process.on("message", async (message: ToMember) => {
  if ("result" in message) waiting.get(message.call)?.resolve(message.result)
  else process.send?.({ granted: message.ask, answer: await grant(message.wish) })
})
process.on("disconnect", async () => {
  for (const { reject } of waiting.values()) reject(new Error("nobody is there any more"))
  await opened
  for (let n = 0; n < 50; n++) {
    ledger.record(usageRow(`alone-${process.pid}-${n}`))
    writeSync(1, `alone-${process.pid}-${n}\n`)
  }
  process.kill(process.pid, "SIGKILL")
})
const { logger } = recordingLogger()
const opened = openStorage({ path, logger, clock: systemClock, writer })
const { ledger, answers } = await opened

async function grant(wish: Wish): Promise<unknown> {
  switch (wish.do) {
    case "record":
      for (let n = 0; n < wish.count; n++) {
        const id = ownId(`${wish.prefix}-${n}`)
        ledger.record(usageRow(id))
        if (wish.prints) writeSync(1, `${id}\n`)
        // Turns of the loop, so that the writer stores while rows come in.
        if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      return
    case "put":
      return answers.put(storedAnswer(wish.id, { input: wish.input ?? "[]" }))
    case "get":
      return (await answers.get(wish.id, null)) ?? null
    case "has":
      return answers.has(wish.id)
    case "delete":
      return answers.delete(wish.id, null)
    case "flush":
      return ledger.flush()
    case "close":
      return ledger.close()
  }
}

process.send?.({ ready: true })
