import { deserialize, serialize } from "bun:jsc"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Part } from "./part.ts"
import { type SharedMemory, slotOf, STATE, TAIL, TOLD } from "./memory.ts"

/** Everything that one worker knows, written down for another one that was not there or has fallen behind. */
export interface Tidings {
  /** With the lock. @param position of the log up to which all is in it */
  write(other: number, position: number): void
  /** With the lock. @returns from where on the log tells more */
  read(worker: number): number
}

/** @param parts of what is known; read when they are needed */
export function createTidings(
  { folder, words }: SharedMemory,
  parts: ReadonlyMap<string, Part>,
): Tidings {
  const pathOf = (worker: number) => join(folder, `told-${worker}`)
  return {
    write(other, position) {
      const all = new Map<string, unknown>()
      for (const [key, part] of parts) all.set(key, part.save())
      writeFileSync(pathOf(other), new Uint8Array(serialize(all)), { mode: 0o600 })
      words[slotOf(other) + TAIL] = position
      Atomics.store(words, slotOf(other) + STATE, TOLD)
    },
    read(worker) {
      const all = deserialize(readFileSync(pathOf(worker)).buffer as ArrayBuffer)
      for (const [key, saved] of all as Map<string, unknown>) parts.get(key)?.load(saved)
      rmSync(pathOf(worker), { force: true })
      return words[slotOf(worker) + TAIL]!
    },
  }
}
