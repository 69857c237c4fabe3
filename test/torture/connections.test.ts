import { describe, expect, test } from "bun:test"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { join } from "node:path"
import { createServer as createTlsServer } from "node:tls"
import { closing, until } from "../support/cleanup.ts"
import { emptyFolder } from "../support/program.ts"
import { overUpstreams, startRouter } from "../support/router.ts"

const use = closing()
const path = "/v1/chat/completions"
const PROVIDER = "provider-key-0123456789"
const CHAT = { model: "g", messages: [{ role: "user", content: "hi" }] }
const ANSWER = '{"object":"chat.completion","choices":[{"index":0,"message":{"content":"x"}}]}'

describe("an idle connection that the upstream closed", () => {
  for (const how of ["end", "reset"] as const) {
    test(`costs no request (${how})`, async () => {
      const sockets = new Set<Socket>()
      let asked = 0
      const server = createServer((request, response) => {
        request.resume().on("end", () => {
          asked++
          response.setHeader("content-type", "application/json").end(ANSWER)
        })
      })
      server.on("connection", (socket) => {
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      await use({ close: () => server.close().closeAllConnections() })
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
      const router = await use(startRouter(overUpstreams([{ url }], { retries: 0 })))
      for (let n = 0; n < 20; n++) {
        expect([n, (await router.post(path, CHAT)).status]).toEqual([n, 200])
        for (const socket of sockets) how === "end" ? socket.end() : socket.resetAndDestroy()
        // Both now and when the router has seen it.
        if (n % 2 === 0) await until(() => sockets.size === 0)
      }
      expect(asked).toBe(20)
    })
  }
})

describe.if(Bun.which("openssl") !== null)(
  "an upstream with a certificate of its own making",
  () => {
    test("is refused with the reason, and no key is sent", async () => {
      const { path: folder } = await use(emptyFolder())
      const files = { key: join(folder, "key.pem"), cert: join(folder, "cert.pem") }
      const made = Bun.spawnSync(
        `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout ${files.key} -out ${files.cert}`.split(
          " ",
        ),
      )
      expect(made.exitCode).toBe(0)
      let heard = ""
      let reached = 0
      const server = createTlsServer(
        { key: readFileSync(files.key), cert: readFileSync(files.cert) },
        (socket) => {
          socket.on("error", () => {})
          socket.on("data", (bytes) => {
            heard += bytes.toString("latin1")
          })
        },
      )
      server.on("tlsClientError", () => {})
      server.on("connection", () => reached++)
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      await use({ close: () => void server.close() })
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
      const config = overUpstreams([{ url, keys: [PROVIDER] }], { retries: 0 })
      const router = await use(startRouter(config))
      const answer = await router.post(path, CHAT)
      expect(answer.status).toBe(502)
      const { error } = (await answer.json()) as { error: { message: string; code: string } }
      expect(error.code).toBe("upstream_unreachable")
      expect(error.message).toMatch(/certificate|self.signed/i)
      expect(error.message).not.toContain(PROVIDER)
      expect(reached).toBeGreaterThan(0)
      expect(heard).toBe("")
    })
  },
)
