import { expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { rawChat, sendRaw, statuses } from "./support/raw.ts"

const use = closing()
const BODY = JSON.stringify({ model: "g", messages: [{ role: "user", content: "hi" }] })

// Bun 1.4.5 closes the connection when a second request comes while a handler still awaits.
test("pipelined requests are all answered, in order", async () => {
  const upstream = await use(startUpstream({ script: "ok" }))
  const router = await use(startRouter(overUpstreams([{ url: upstream.url }])))
  const all = (text: string) => statuses(text).length === 3
  expect(statuses(await sendRaw(router.url, rawChat(BODY).repeat(3), all))).toEqual([200, 200, 200])
})
