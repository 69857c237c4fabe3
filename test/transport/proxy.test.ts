import { expect, test } from "bun:test"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createProxyOf } from "../../src/transport/proxy.ts"
import { closing } from "../support/cleanup.ts"

const using = closing()

test("without a proxy in the environment there is none", () => {
  for (const env of [{}, { HTTP_PROXY: "" }, { NO_PROXY: "*" }]) {
    expect(createProxyOf(env)("http://a.test/")).toBeUndefined()
  }
})

test("each scheme has its own proxy, and a name in lower case wins", () => {
  const of = createProxyOf({
    HTTP_PROXY: "http://p",
    http_proxy: "http://q",
    HTTPS_PROXY: "http://s",
  })
  expect([of("http://a.test/"), of("https://a.test/")]).toEqual(["http://q", "http://s"])
  expect(createProxyOf({ HTTP_PROXY: "http://p" })("https://a.test/")).toBeUndefined()
})

test.each([
  ["a.test", true],
  ["A.Test", true],
  [".a.test", true],
  ["*.a.test", true],
  ["test", true],
  ["b.a.test", true],
  ["a.test:8080", true],
  ["other.test, a.test", true],
  ["other.test a.test", true],
  ["*", true],
  ["", false],
  [",", false],
  ["c.a.test", false],
  [".test.a", false],
  ["a.tes", false],
  ["xa.test", false],
  ["a.test:80", false],
])("`NO_PROXY` of %j leaves b.a.test:8080 alone: %p", (entry, alone) => {
  const of = createProxyOf({ HTTP_PROXY: "http://p", NO_PROXY: entry })
  expect(of("http://b.a.test:8080/x")).toBe(alone ? undefined : "http://p")
})

test("a request goes over the proxy of the environment, but to a host in `NO_PROXY` it does not", async () => {
  const listen = async (name: string) => {
    const server = createServer((request, response) => response.end(`${name}: ${request.url}`))
    await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens))
    await using({ close: () => server.close().closeAllConnections() })
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const [proxy, near] = [await listen("proxy"), await listen("near")]
  const program = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const { createHttpSend } = await import(${JSON.stringify(`${import.meta.dir}/../../src/transport/http.ts`)})
      const { systemClock } = await import(${JSON.stringify(`${import.meta.dir}/../../src/core/clock.ts`)})
      const send = createHttpSend(systemClock)
      for (const url of ["http://far.invalid/x", "http://${near}/y"]) {
        const { body } = await send({ url, method: "GET", headers: {}, signal: new AbortController().signal, connectTimeout: 1000 })
        console.log(String(Buffer.from(await body.read())))
      }`,
    ],
    { env: { ...process.env, HTTP_PROXY: `http://${proxy}`, NO_PROXY: "127.0.0.1" } },
  )
  expect(await new Response(program.stdout).text()).toBe("proxy: http://far.invalid/x\nnear: /y\n")
})
