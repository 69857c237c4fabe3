import { describe, expect, test } from "bun:test"
import { join } from "node:path"

function start(how: string) {
  const program = join(import.meta.dir, "programs/ends.ts")
  return Bun.spawn([process.execPath, program, how], { stdout: "pipe", stderr: "ignore" })
}

describe("lines that are written together", () => {
  test.each(["returns", "exits", "throws"])("are all there, in order, when the process %s", (how) =>
    expect(new Response(start(how).stdout).text()).resolves.toBe("1\n2\n3\n4\n"),
  )
})
