import { afterAll, beforeAll, expect, test } from "bun:test"
import { alike, type Case } from "./alike.ts"
import { type Bed, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { question, request } from "./requests.ts"

const asking = (version: string, connection: string | undefined, model = "g"): Case => ({
  version,
  body: question(model, model === "live" ? { stream: true } : {}),
  lines: connection === undefined ? [] : [`connection: ${connection}`],
})

const STAY: Record<string, string | undefined> = {
  nothing: undefined,
  "keep-alive": "keep-alive",
  "keep-alive in capitals": "Keep-Alive",
  "a word that begins like close": "closed",
  "nothing that is said": "",
  "a header": "x-odd",
  trailers: "te, trailers",
}
const CLOSE: Record<string, string> = {
  close: "close",
  "close in capitals": "CLOSE",
  both: "keep-alive, close",
  "both, the other way": "close, keep-alive",
  "close among others": "x-odd, close",
}
const STATUSES = { g: 200, live: 200, bad: 400, none: 404 }

for (const [model, status] of Object.entries(STATUSES)) {
  const each = (version: string, wishes: typeof STAY) =>
    Object.fromEntries(
      Object.entries(wishes).map(([name, wish]) => [name, asking(version, wish, model)]),
    )
  alike(`what a client wishes of its connection behind ${model}`, {
    [`${status} open`]: each("HTTP/1.1", STAY),
    [`${status} closed`]: each("HTTP/1.1", CLOSE),
  })
  alike(`what a client of version 1.0 wishes of its connection behind ${model}`, {
    [`${status} closed`]: each("HTTP/1.0", { ...STAY, ...CLOSE }),
  })
}

const proxied = (...lines: string[]): Case => ({ lines })
alike("what a proxy adds", {
  "200 open": {
    "a connection of its own": proxied("proxy-connection: close"),
    "a time to live": proxied("keep-alive: timeout=5, max=1"),
    "whom it asks for": proxied("x-forwarded-for: 203.0.113.7", "x-forwarded-proto: https"),
    "what it is": proxied("via: 1.1 proxy", "forwarded: for=203.0.113.7"),
    trailers: proxied("te: trailers"),
    "trailers that are announced": proxied("trailer: x-sum"),
  },
})

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

test("a connection that is closed behind a plain request says so before", async () => {
  for (const [wish, says] of [
    ["close", ["close"]],
    ["keep-alive", []],
  ] as const) {
    const connection = await open(bed.url)
    await connection.send(request({ lines: [`connection: ${wish}`] }))
    const { headers } = (await connection.answer())!
    expect(headers.filter(([name]) => name === "connection").map(([, value]) => value)).toEqual([
      ...says,
    ])
    connection.close()
  }
})
