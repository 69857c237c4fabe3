import { expect, setDefaultTimeout, test } from "bun:test"
import { closing, until } from "../../support/cleanup.ts"
import { overUpstreams, startRouter } from "../../support/router.ts"
import { startUpstream } from "../../support/upstream/index.ts"
import { open } from "./connection.ts"
import { question } from "./requests.ts"
import { BOTH_WAYS } from "./ways.ts"

setDefaultTimeout(60_000)

const use = closing()

const EVENT = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "a".repeat(64_000) } }] })}\n\n`

async function* endless() {
  for (;;) yield EVENT
}

test.each(BOTH_WAYS)("a client that takes nothing holds up nobody, %s", async (_, way) => {
  const upstream = await use(startUpstream({ script: () => ({ body: endless() }) }))
  const config = overUpstreams([{ url: upstream.url }])
  const router = await use(startRouter(config, "127.0.0.1", { stallSeconds: 1 }))
  const ask = async () => {
    const connection = await use(open(router.url))
    await connection.send(way(question("g", { stream: true })))
    await until(() => connection.received() > 0)
    connection.pause()
    return connection
  }
  const [stalled, slow] = [await ask(), await ask()]
  await until(async () => {
    const before = slow.received()
    slow.resume()
    await until(() => slow.received() > before)
    slow.pause()
    return (await router.rows()).length > 0
  }, 30_000)
  expect(await router.rows()).toMatchObject([{ status: 499, error: "client-gone" }])
  stalled.resume()
  await stalled.end
  expect(stalled.endsWith("0\r\n\r\n")).toBe(false)
  expect(slow.ended).toBe(false)
  const before = slow.received()
  slow.resume()
  await until(() => slow.received() > before + 10_000_000)
})
