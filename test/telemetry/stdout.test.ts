import { describe, expect, test } from "bun:test"
import { join } from "node:path"

function start(how: string, whose: string) {
  const program = join(import.meta.dir, "programs/ends.ts")
  return Bun.spawn([process.execPath, program, how, whose], { stdout: "pipe", stderr: "ignore" })
}

const MANY = Array.from(
  { length: 3000 },
  (_, n) => `${n % 1300 === 0 ? "alone" : 4} ${n % 100 < 50 ? "名前".repeat(20) : n}`,
)
const WRITTEN = `${["1", "2", "3", ...MANY].join("\n")}\n`

describe("lines that are written together", () => {
  test.each(
    ["returns", "exits", "throws"].flatMap((how) => [
      { how, whose: "own" },
      { how, whose: "shared" },
    ]),
  )("are all there, in order, when the process $how: $whose", ({ how, whose }) =>
    expect(new Response(start(how, whose).stdout).text()).resolves.toBe(WRITTEN),
  )
})
