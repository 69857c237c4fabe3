import { startRouter } from "../../../support/router.ts"
import { open } from "../connection.ts"
import { request } from "../requests.ts"

// Asks a router's admin API over loopback and over the given address, and prints the statuses.

const KEY = "sk-router-first-0001"
const bearer = `authorization: Bearer ${KEY}`
const demo = { type: "demo", firstToken: "0", tokensPerSecond: "0" }
const router = await startRouter(
  { providers: { demo }, groups: { g: ["demo/demo"] }, auth: { keys: [KEY] } },
  "0.0.0.0",
)
const { port } = new URL(router.url)
const admin = (...lines: string[]) =>
  request({ method: "GET", target: "/admin/health", lines, framing: [], body: "" })

const REQUESTS: Record<string, Uint8Array> = {
  plain: admin(),
  forwarded: admin("x-forwarded-for: 127.0.0.1"),
  origin: admin("origin: http://localhost"),
  "another host": request({
    ...{ method: "GET", target: "/admin/health", framing: [], body: "" },
    host: ["host: evil.test"],
  }),
  "an absolute target": request({
    ...{ method: "GET", target: "http://127.0.0.1/admin/health", framing: [], body: "" },
  }),
}
const FIRST: Record<string, Uint8Array | undefined> = {
  "on a new connection": undefined,
  "behind a plain request": request({ lines: [bearer] }),
  "behind one that is passed on": request({ lines: [bearer, "expect: nothing"] }),
}

const heard: object[] = []
for (const from of ["127.0.0.1", process.argv[2]!]) {
  for (const [name, bytes] of Object.entries(REQUESTS)) {
    for (const [before, first] of Object.entries(FIRST)) {
      const connection = await open(`http://${from}:${port}`)
      const statuses: (number | undefined)[] = []
      for (const [each, method] of [
        [first, "POST"],
        [bytes, "GET"],
      ] as const) {
        if (!each) continue
        await connection.send(each)
        statuses.push((await connection.answer(method))?.status)
      }
      connection.close()
      heard.push({ from, request: `${name} ${before}`, statuses })
    }
  }
}
await router.close()
process.stdout.write(JSON.stringify(heard))
