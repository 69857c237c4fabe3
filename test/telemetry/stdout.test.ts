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
    ["returns", "exits", "exits later", "throws"].flatMap((how) => [
      { how, whose: "own" },
      { how, whose: "shared" },
    ]),
  )("are all there, in order, when the process $how: $whose", ({ how, whose }) =>
    expect(new Response(start(how, whose).stdout).text()).resolves.toBe(WRITTEN),
  )
})

describe("a reader that comes late", () => {
  test.each(["own", "shared"])("finds all that was written to it before: %s", async (whose) => {
    const program = join(import.meta.dir, "programs/ends.ts")
    const late = `${process.execPath} ${program} "exits later" ${whose} | (sleep 0.5; cat)`
    const read = Bun.spawn(["bash", "-c", late], { stdout: "pipe" })
    expect(await new Response(read.stdout).text()).toBe(WRITTEN)
  })

  test("finds whole lines, whoever else writes to the same pipe", async () => {
    const program = join(import.meta.dir, "programs/shares.ts")
    const writers = ["a", "b", "c"].map((name) => `${process.execPath} ${program} ${name} 1500`)
    const shared = `(${writers.join(" & ")} & wait) | (sleep 0.5; cat)`
    const read = Bun.spawn(["bash", "-c", shared], { stdout: "pipe" })
    const lines = (await new Response(read.stdout).text()).split("\n").slice(0, -1)
    for (const name of ["a", "b", "c"]) {
      const own = lines.filter((line) => line.startsWith(name))
      expect(own).toEqual(
        Array.from({ length: 1500 }, (_, n) => `${name} ${n} ${"x".repeat(n % 700)}.`),
      )
    }
    expect(lines.length).toBe(4500)
  })
})
