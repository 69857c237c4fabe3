import { expect, test } from "bun:test"
import { abortSignalOf, Life, throwIfEnded } from "../../src/core/life.ts"

test("whoever listens is told once, in the order in which they came, and finds the reason", () => {
  const life = new Life()
  const told: string[] = []
  for (const name of ["first", "second", "third"]) {
    life.addEventListener("abort", () => told.push(`${name} ${life.reason}`), { once: true })
  }
  life.abort("late")
  life.abort("later")
  expect(told).toEqual(["first late", "second late", "third late"])
  expect(life.reason).toBe("late")
})

test("whoever has stopped listening is told nothing, be it the first, one in the middle or the only one", () => {
  for (const gone of [0, 1, 2]) {
    const life = new Life()
    const told: number[] = []
    const listeners = [0, 1, 2].map((index) => () => void told.push(index))
    for (const listener of listeners) life.addEventListener("abort", listener)
    life.removeEventListener("abort", listeners[gone]!)
    life.abort("over")
    expect(told).toEqual([0, 1, 2].filter((index) => index !== gone))
  }
})

test("one that listens again after it had stopped comes last", () => {
  const life = new Life()
  const told: string[] = []
  const first = () => void told.push("first")
  life.addEventListener("abort", first)
  life.addEventListener("abort", () => void told.push("second"))
  life.removeEventListener("abort", first)
  life.addEventListener("abort", first)
  life.abort("over")
  expect(told).toEqual(["second", "first"])
})

test("a listener that comes too late is not told, as with an AbortSignal", () => {
  const life = new Life()
  life.abort("over")
  let told = false
  life.addEventListener("abort", () => {
    told = true
  })
  expect(told).toBe(false)
  expect(() => throwIfEnded(life)).toThrow("over")
})

test("a real AbortSignal follows a life, and one that is real already stays itself", () => {
  const life = new Life()
  const signal = abortSignalOf(life)
  const late = new Error("late")
  expect(signal.aborted).toBe(false)
  life.abort(late)
  expect(signal.reason).toBe(late)
  expect(abortSignalOf(life).reason).toBe(late)
  expect(abortSignalOf(signal)).toBe(signal)
})
