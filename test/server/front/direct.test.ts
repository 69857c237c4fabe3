import { expect, test } from "bun:test"
import { closing } from "../../support/cleanup.ts"
import { startBed } from "./bed.ts"

const use = closing()

test("the server behind the front opens its admin API to nobody who comes to it directly", async () => {
  const { url, inner } = await use(startBed())
  expect((await fetch(`${url}/admin/health`)).status).toBe(200)
  const direct = await fetch(`${inner}/admin/health`)
  expect(direct.status).toBe(403)
  expect(await direct.json()).toMatchObject({ error: { code: "admin_loopback_only" } })
})

test("the server behind the front can be reached from this machine only", async () => {
  const { router } = await use(startBed())
  expect(router.listener.server!.hostname).toBe("127.0.0.1")
})
