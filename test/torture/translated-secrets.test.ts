import { describe, expect, spyOn, test } from "bun:test"
import { stdout } from "../../src/telemetry/stdout.ts"
import { closing } from "../support/cleanup.ts"
import { startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { clients } from "../matrix/clients/index.ts"
import { upstreams } from "../matrix/upstreams.ts"
import { ASK, ASK_STREAM, everywhere, pairs, requestOf } from "./support/everywhere.ts"

const use = closing()
/** The router's own key, as a caller sends it. */
const CALLER = "sk-router-canary-caller-0001"

const withKey = (path: string, key: string) => `${path}${path.includes("?") ? "&" : "?"}key=${key}`

/** All that the log writes to standard output meanwhile. */
function listen() {
  const lines: string[] = []
  const page = { bytes: Buffer.alloc(1_000_000), end: 0 }
  const spies = [
    spyOn(stdout, "write").mockImplementation((text) => void lines.push(text)),
    spyOn(stdout, "room").mockImplementation(() => page),
    spyOn(stdout, "later").mockImplementation((fill) => {
      fill()
      lines.push(page.bytes.toString("utf8", 0, page.end))
      page.end = 0
    }),
  ]
  return {
    text: () => lines.join(""),
    close: () => spies.forEach((spy) => void spy.mockRestore()),
  }
}

async function start() {
  const upstream = await use(startUpstream({ script: "role|tok:3|done" }))
  const router = await use(
    startRouter(
      everywhere(upstream.port, {
        auth: { keys: [CALLER] },
        log: { level: "debug", format: "json" },
      }),
    ),
  )
  return { upstream, router }
}

describe("a key in the URL", () => {
  test("lets its caller in, and gets neither to an upstream nor into the log, the ledger or an answer", async () => {
    const { upstream, router } = await start()
    const log = await use(listen())
    for (const [name, client, target] of pairs) {
      for (const talk of [ASK, ASK_STREAM]) {
        for (const script of ["role|tok:3|done", "status:400", "role|tok:1|err:server"]) {
          upstream.reset()
          upstream.script(script)
          const { path, body, headers } = requestOf(client, target.id, talk)
          const response = await router.post(withKey(path, CALLER), body, headers)
          const text = await response.text()
          expect([name, upstream.requests.length]).toEqual([name, 1])
          const [seen] = upstream.requests
          const sent = [seen!.path, JSON.stringify(seen!.rawHeaders), Buffer.from(seen!.body)]
          expect([name, sent.join("\n").includes(CALLER)]).toEqual([name, false])
          const got = [text, ...[...response.headers].flat()].join("\n")
          expect([name, got.includes(CALLER)]).toEqual([name, false])
        }
      }
    }
    expect(JSON.stringify(await router.rows())).not.toContain(CALLER)
    expect(log.text()).toContain('"message":"request"')
    expect(log.text()).not.toContain(CALLER)
  })

  test("is not repeated by any error, and a wrong one is refused in the protocol's own words", async () => {
    const { router } = await start()
    const log = await use(listen())
    const wrong = "sk-router-canary-wrong-9999"
    for (const client of clients) {
      for (const model of [upstreams[0]!.id, "no-such-model"]) {
        for (const key of [CALLER, wrong]) {
          const { path, body, headers } = requestOf(client, model, ASK)
          for (const address of [path, `${path}/nowhere`, path.replace("/v1", "/v9")]) {
            for (const method of ["POST", "GET", "DELETE"]) {
              const response = await fetch(router.url + withKey(address, key), {
                method,
                headers,
                redirect: "manual",
                ...(method === "POST" && { body }),
              })
              const got = [await response.text(), ...[...response.headers].flat()].join("\n")
              expect([address, method, got.includes(key)]).toEqual([address, method, false])
            }
          }
        }
      }
    }
    expect(log.text()).toContain('"message":"request"')
    expect(log.text()).not.toContain(CALLER)
    expect(log.text()).not.toContain(wrong)
  })
})
