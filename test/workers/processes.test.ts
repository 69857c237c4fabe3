import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import { createLock, freeLock } from "../../src/workers/lock.ts"
import {
  createSharedMemory,
  removeSharedMemory,
  type SharedMemory,
  slotOf,
} from "../../src/workers/memory.ts"
import { closing } from "../support/cleanup.ts"

setDefaultTimeout(60_000)
const use = closing()

async function memoryOf(room: number): Promise<SharedMemory> {
  const memory = createSharedMemory(room)
  await use({ close: () => removeSharedMemory(memory) })
  return memory
}

/** Another process, and what it says. */
async function start(...args: string[]) {
  const said: unknown[] = []
  let heard: (() => void) | undefined
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "hammer.ts"), ...args], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc(message) {
      said.push(message)
      heard?.()
    },
  })
  const hear = async () => {
    while (said.length === 0) {
      await new Promise<void>((resolve) => {
        heard = resolve
      })
    }
    return said.shift()
  }
  const close = async () => {
    child.kill("SIGKILL")
    await child.exited
  }
  return use({ child, hear, close, go: () => child.send("go") })
}

describe("the lock", () => {
  test("lets one process in at a time", async () => {
    const memory = await memoryOf(256)
    const all = await Promise.all([
      start("count", memory.folder, "0", "100000"),
      start("count", memory.folder, "1", "100000"),
    ])
    for (const { hear } of all) expect(await hear()).toBe("ready")
    for (const { go } of all) go()
    await Promise.all(all.map(({ hear }) => hear()))
    expect(memory.words[slotOf(63) + 15]).toBe(200_000)
  })

  test("of a process that was killed is had by the next one", async () => {
    const memory = await memoryOf(256)
    const { child, hear, close } = await start("hold", memory.folder)
    expect(await hear()).toBe("held")
    const lock = createLock(memory)
    await close()
    // Nobody frees it but who waits for it.
    lock.take()
    expect(lock.held).toBe(true)
    freeLock(memory, child.pid)
    expect(memory.words[0]).toBe(process.pid)
    lock.give()
    expect(memory.words[0]).toBe(0)
  })
})

for (const room of [65_536, 512]) {
  test(`two processes know the same, whatever both did at once (room for ${room} events)`, async () => {
    const { folder } = await memoryOf(room)
    const all = await Promise.all([
      start("act", folder, "0", "20000"),
      start("act", folder, "1", "20000"),
    ])
    for (const { hear } of all) expect(await hear()).toBe("ready")
    for (const { go } of all) go()
    for (const { hear } of all) expect(await hear()).toBe("done")
    for (const { go } of all) go()
    type Said = { known: { latest: number }; problems: string[] }
    const [one, other] = (await Promise.all(all.map(({ hear }) => hear()))) as [Said, Said]
    expect(one.known.latest).toBeGreaterThan(4000)
    expect(other.known).toEqual(one.known)
    expect([...one.problems, ...other.problems]).toEqual([])
  })
}
