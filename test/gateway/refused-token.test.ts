import { expect, test } from "bun:test"
import { startTokenServer } from "../providers/support/credentials.ts"
import { closing, until } from "../support/cleanup.ts"
import { startRouter } from "../support/router.ts"
import { type RecordedRequest, startUpstream } from "../support/upstream/index.ts"

const use = closing()

const isModels = ({ method }: RecordedRequest) => method === "GET"

async function over(probe: string, isRefused: (token: string | undefined) => boolean) {
  const server = startTokenServer()
  await use({ close: () => server.stop() })
  const up = await use(
    startUpstream({ script: (request) => (isRefused(request.key) ? "status:401" : "ok") }),
  )
  const router = await use(
    startRouter({
      providers: {
        azure: {
          type: "azure",
          baseUrl: up.url.replace(/\/v1$/, ""),
          keys: ["a-secret-of-a-client"],
          tenantId: "t",
          clientId: "c",
          authority: server.url,
          probe,
        },
      },
      groups: { g: ["azure/gpt-4o"] },
      cooldown: { auth: "10ms", authMax: "20ms" },
      retries: { attempts: 0 },
    }),
  )
  const ask = async () => {
    const messages = [{ role: "user", content: "hello" }]
    return (await router.post("/v1/chat/completions", { model: "g", messages })).status
  }
  const { context, snapshot } = router.runtime
  const { health } = snapshot.table.groups.get("g")!.channels[0]!
  const rested = () => until(() => health.pausedUntil <= context.clock.now())
  return { server, up, ask, rested }
}

test("a token that an upstream refuses is had anew, long before it ends", async () => {
  let revoked = false
  const { server, up, ask, rested } = await over("none", (token) => revoked && token === "token-1")
  expect(await ask()).toBe(200)
  expect(await ask()).toBe(200)
  expect(server.calls).toHaveLength(1)
  revoked = true
  expect(await ask()).toBe(401)
  await rested()
  expect(await ask()).toBe(200)
  expect(up.requests.map(({ key }) => key)).toEqual(["token-1", "token-1", "token-1", "token-2"])
})

test("a probe asks with another one, too", async () => {
  // What a client may do is written in its token: one that is allowed more needs another.
  const { up, ask } = await over("free", (token) => token !== "token-4")
  expect(await ask()).toBe(401)
  await up.waitFor(({ requests }) => requests.some(({ key }) => key === "token-4"))
  expect(up.requests.slice(1).every(isModels)).toBe(true)
})
