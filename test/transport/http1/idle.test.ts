import { describe, expect, test } from "bun:test"
import { systemClock } from "../../../src/core/clock.ts"
import { Life } from "../../../src/core/life.ts"
import type { IncomingResponse, OutgoingRequest } from "../../../src/core/provider.ts"
import { Pool } from "../../../src/transport/http1/pool.ts"
import { requestHead } from "../../../src/transport/http1/request-head.ts"
import { RoundTrip } from "../../../src/transport/http1/round-trip.ts"
import { createWatchdog } from "../../../src/transport/watchdog.ts"
import { closing, until } from "../../support/cleanup.ts"
import { outcomeOf, type Script, startScripted } from "./scripted.ts"

const using = closing()
const HELLO = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

/** A server, and a pool of connections to it of which the test counts the seconds. */
async function startPool(script: Script) {
  const server = await using(startScripted(script))
  const origin = new URL(server.url)
  let wakings = 0
  const pool = new Pool(origin, systemClock, createWatchdog(systemClock), () => wakings++)
  const ask = () => {
    const request: OutgoingRequest = {
      url: server.url,
      method: "GET",
      headers: {},
      signal: new Life(),
      connectTimeout: 5000,
    }
    const answer = new Promise<IncomingResponse>((resolve, reject) => {
      const head = requestHead(request, origin)
      pool.run(new RoundTrip(request, head, systemClock.now(), resolve, reject))
    })
    return outcomeOf(answer)
  }
  const open = () => server.taken.filter(({ closed }) => !closed).length
  return { server, pool, ask, open, wakings: () => wakings }
}

describe("idle connections", () => {
  test.each([
    ["that the server says nothing about", "", 55],
    ["that the server closes earlier", "keep-alive: timeout=6\r\n", 5],
    ["that the server keeps for longer", "keep-alive: timeout=600\r\n", 55],
  ])("%s are kept for a while, which each use begins anew", async (_, header, seconds) => {
    const { pool, ask, open } = await startPool((connection) =>
      connection.send(HELLO.replace("content-length", `${header}content-length`)),
    )
    for (let use = 0; use < 2; use++) {
      expect(await ask()).toBe("200 hello")
      for (let second = 1; second < seconds; second++) expect(pool.tick()).toBe(true)
    }
    expect(open()).toBe(1)
    expect(pool.tick()).toBe(false)
    await until(() => open() === 0)
    expect(await ask()).toBe("200 hello")
  })

  test("that were used last are used next, so that the others grow old", async () => {
    const held: (() => unknown)[] = []
    const { pool, ask, open, server } = await startPool((connection) =>
      held.push(() => connection.send(HELLO)),
    )
    const three = [ask(), ask(), ask()]
    await until(() => held.length === 3)
    for (const send of held.splice(0)) send()
    await Promise.all(three)
    for (let second = 1; second < 55; second++) {
      pool.tick()
      const one = ask()
      await until(() => held.length === 1)
      held.pop()!()
      await one
    }
    pool.tick()
    await until(() => open() === 1)
    expect(server.taken.length).toBe(3)
  })

  test("are 1,024 at most, whatever was needed at once", async () => {
    const held: (() => unknown)[] = []
    const { ask, open, wakings } = await startPool((connection) =>
      held.push(() => connection.send(HELLO)),
    )
    const all = Array.from({ length: 1030 }, ask)
    await until(() => held.length === 1030)
    expect(wakings()).toBe(0)
    for (const send of held) send()
    expect(new Set(await Promise.all(all))).toEqual(new Set(["200 hello"]))
    await until(() => open() === 1024)
    expect(wakings()).toBe(1)
  })
})
