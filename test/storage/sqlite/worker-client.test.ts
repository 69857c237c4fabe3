import { expect, test } from "bun:test"
import { createWorkerClient } from "../../../src/storage/sqlite/worker-client.ts"
import { storedIds, temporaryDatabase, usageRow } from "./support.ts"

test("a worker that ends answers what it was asked as failed, and the next call starts another", async () => {
  using database = temporaryDatabase()
  const { path } = database
  const worker = createWorkerClient()
  const interrupted = worker.call({ task: "open", path, now: 0, journal: "0badf00d" })
  worker.terminate()
  expect(await interrupted).toMatchObject({ ok: false, cause: "worker" })

  const texts = [JSON.stringify(usageRow("a")), "no row", JSON.stringify(usageRow("b"))]
  const stored = await worker.call({ task: "texts", path, now: 0, texts })
  expect(stored).toEqual({ ok: true, done: true, damaged: 1, notices: {} })
  expect(storedIds(path)).toEqual(["a", "b"])
  await worker.call({ task: "close" })
  worker.terminate()
})
