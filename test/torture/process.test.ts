import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { closing, until } from "../support/cleanup.ts"
import { queryLedger } from "../support/ledger-file.ts"
import { emptyFolder, serve } from "../support/program.ts"
import { overUpstreams } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { limited } from "./support/limited.ts"

setDefaultTimeout(30_000)
const use = closing()
const path = "/v1/chat/completions"
const CHAT = { model: "g", messages: [{ role: "user", content: "hi" }] }
const STREAM = { ...CHAT, stream: true }
const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length
const good = async (url: string) => {
  const answer = await fetch(url + path, { method: "POST", body: JSON.stringify(CHAT) })
  await answer.text()
  return answer.status === 200
}

/** Rows of the ledger that are in the database. */
function storedIn(folder: string): number {
  return queryLedger(folder, "SELECT id FROM usage").length
}

async function folderOver(url: string) {
  const { path: folder } = await use(emptyFolder())
  const config = overUpstreams([{ url }])
  writeFileSync(join(folder, "llmrouter.config.json"), JSON.stringify(config))
  return folder
}

describe.if(process.platform === "linux")("descriptors of the router's process", () => {
  test("go back to where they were after a thousand callers have left", async () => {
    const upstream = await use(startUpstream({ script: "role|tok:1000@5ms|done" }))
    const folder = await folderOver(upstream.url)
    const router = await use(serve(folder))
    const leave = async (early: boolean) => {
      const controller = new AbortController()
      const body = JSON.stringify(STREAM)
      const { signal } = controller
      const asked = fetch(router.url + path, { method: "POST", body, signal })
      if (early) {
        setImmediate(() => controller.abort())
        await asked.catch(() => {})
      } else {
        const answer = await asked
        await answer.body!.getReader().read()
        controller.abort()
      }
    }
    const round = (size: number) =>
      Promise.all(Array.from({ length: size }, (_, n) => leave(n % 2 === 0)))
    const settled = () => upstream.connections.open === 0
    await round(20)
    await until(settled)
    // The ledger opens its own files with the first rows.
    await until(() => storedIn(folder) >= 10)
    const before = openFiles(router.pid)
    for (let n = 0; n < 20; n++) await round(50)
    expect(upstream.count()).toBeGreaterThanOrEqual(510)
    await until(settled)
    await until(() => openFiles(router.pid) <= before + 5)
    upstream.script("ok")
    expect(await good(router.url)).toBe(true)
  })

  test("may run out: callers are shed, and afterwards the router serves on", async () => {
    const upstream = await use(startUpstream({ script: "ok" }))
    const router = await use(limited(await folderOver(upstream.url), 64))
    expect(await good(router.url)).toBe(true)
    const { port } = new URL(router.url)
    let closed = 0
    const crowd = await Promise.allSettled(
      Array.from({ length: 200 }, () =>
        Bun.connect({
          hostname: "127.0.0.1",
          port: Number(port),
          socket: {
            data() {},
            close() {
              closed++
            },
          },
        }),
      ),
    )
    await until(() => openFiles(router.pid) >= 60 || closed > 0)
    for (const each of crowd) if (each.status === "fulfilled") each.value.terminate()
    await until(() => openFiles(router.pid) < 60)
    await until(() => good(router.url).catch(() => false))
    expect(router.status()).toBeNull()
  })
})
