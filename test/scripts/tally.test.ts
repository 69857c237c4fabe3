import { describe, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { formatTally, readTally } from "../../scripts/test.ts"

/** Runs `bun test` over one file in a folder of its own. */
async function tallyOf(source: string) {
  const folder = await mkdtemp(join(tmpdir(), "llmrouter-tally-"))
  try {
    await Bun.write(
      join(folder, "it.test.ts"),
      `import { expect, test } from "bun:test"\n${source}`,
    )
    const { stderr, exitCode } = Bun.spawnSync([process.execPath, "test", "--parallel=2"], {
      cwd: folder,
    })
    return readTally(stderr.toString(), exitCode)
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe("the last line of `npm test`", () => {
  test("counts what passed, failed and was skipped", async () => {
    const source = [
      'test("a", () => expect(1).toBe(1))',
      'test("b", () => expect(1).toBe(2))',
      'test("c", () => expect(1).toBe(1))',
      'test.skip("d", () => {})',
      'test.todo("e")',
    ].join("\n")
    expect(await tallyOf(source)).toEqual({ passed: 2, failed: 1, skipped: 2 })
  })

  test("counts a file that does not load as a failure", async () => {
    const tally = await tallyOf('import "./nowhere"')
    expect(tally.passed).toBe(0)
    expect(tally.failed).toBeGreaterThan(0)
  })

  test("counts a file that ends the process as a failure", async () => {
    const tally = await tallyOf('test("a", () => process.exit(0))')
    expect(tally.failed).toBeGreaterThan(0)
  })

  test("counts a run without any summary as a failure", () => {
    expect(readTally("", 137)).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(readTally("The following filters did not match any test files", 1).failed).toBe(1)
  })

  test("reads the summary through colours, and not a test that is named like one", () => {
    const output =
      "(pass) 7 pass\n 7 pass\n\u001b[32m 12 pass\u001b[0m\n\u001b[31m 3 fail\u001b[0m\n"
    expect(readTally(output, 1)).toEqual({ passed: 12, failed: 3, skipped: 0 })
  })

  test("is plain, and names the skipped only where there are any", () => {
    expect(formatTally({ passed: 3, failed: 0, skipped: 0 })).toBe("3 passed, 0 failed")
    expect(formatTally({ passed: 3, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped")
  })
})
