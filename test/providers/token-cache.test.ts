import { describe, expect, test } from "bun:test"
import { createTokenCache } from "../../src/providers/credentials/token-cache.ts"

test("a renewal that fails when everybody has left is nobody's unhandled error", async () => {
  const unhandled: unknown[] = []
  const listen = (reason: unknown) => void unhandled.push(reason)
  process.on("unhandledRejection", listen)
  const clock = { now: () => 0, wall: () => 0 }
  const tokens = createTokenCache(() => Promise.reject(new Error("no token")), clock)
  const left = new Error("left")
  await expect(tokens.get(AbortSignal.abort(left))).rejects.toBe(left)
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  process.off("unhandledRejection", listen)
  expect(unhandled).toEqual([])
})

describe("one that was refused", () => {
  function kept() {
    let time = 0
    let asked = 0
    const clock = { now: () => time, wall: () => time }
    const tokens = createTokenCache(async () => ({ value: `t${++asked}`, expires: 1e9 }), clock)
    const { signal } = new AbortController()
    return { tokens, get: () => tokens.get(signal), at: (ms: number) => (time = ms) }
  }

  test("is had anew by the next", async () => {
    const { tokens, get, at } = kept()
    expect(await get()).toBe("t1")
    at(1)
    tokens.forget(1)
    expect(await get()).toBe("t2")
  })

  test("has not taken the place of one that came meanwhile", async () => {
    const { tokens, get, at } = kept()
    await get()
    at(5)
    tokens.forget(3)
    at(6)
    expect(await get()).toBe("t2")
    // Requests that began with the first one, and were refused late.
    tokens.forget(4)
    tokens.forget(6)
    expect(await get()).toBe("t2")
    tokens.forget(7)
    expect(await get()).toBe("t3")
  })
})

test("one that fails is told to everybody who waits, and tried again by the next", async () => {
  let asked = 0
  const clock = { now: () => 0, wall: () => 0 }
  const tokens = createTokenCache(async () => {
    if (++asked === 1) throw new Error("no token")
    return { value: "t", expires: 1e9 }
  }, clock)
  const { signal } = new AbortController()
  const both = await Promise.allSettled([tokens.get(signal), tokens.get(signal)])
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"])
  expect(asked).toBe(1)
  expect(await tokens.get(signal)).toBe("t")
})
