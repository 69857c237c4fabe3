import { describe, expect, test } from "bun:test"
import { join } from "node:path"

function start(how: string) {
  const program = join(import.meta.dir, "programs/ends.ts")
  return Bun.spawn([process.execPath, program, how], { stdout: "pipe", stderr: "ignore" })
}

const MANY = Array.from({ length: 300 }, (_, n) => `4 ${n % 100 < 50 ? "名前".repeat(20) : n}`)
const WRITTEN = `${["1", "2", "3", ...MANY].join("\n")}\n`

describe("lines that are written together", () => {
  test.each(["returns", "exits", "throws"])("are all there, in order, when the process %s", (how) =>
    expect(new Response(start(how).stdout).text()).resolves.toBe(WRITTEN),
  )
})
