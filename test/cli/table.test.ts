import { expect, test } from "bun:test"
import { printable, renderTable } from "../../src/cli/table.ts"

test("columns align where letters are two columns wide", () => {
  const text = renderTable(
    [
      { title: "name", align: "left" },
      { title: "count", align: "right" },
    ],
    [
      ["名前", "1"],
      ["a", "1,000,000"],
    ],
  )
  const lines = Bun.stripANSI(text).split("\n")
  expect(lines).toEqual(["name      count", "名前          1", "a     1,000,000", ""])
})

test("a text that is too wide is cut between letters, and control characters never print", () => {
  const family = "👨‍👩‍👧‍👦"
  expect(Bun.stringWidth(printable("x".repeat(100)))).toBe(44)
  expect(printable("x".repeat(100))).toEndWith("x…")
  expect(printable(`\u001b[2J\u0007ok\u202etxt`)).toBe("�[2J�ok�txt")
  expect(printable("é".repeat(44))).toBe("é".repeat(44))
  expect(Bun.stringWidth(printable(family.repeat(60)))).toBeLessThanOrEqual(44)
})
