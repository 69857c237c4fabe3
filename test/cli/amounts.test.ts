import { describe, expect, test } from "bun:test"
import { formatCount, formatDuration, formatMoney, parseSince } from "../../src/cli/amounts.ts"

describe("money", () => {
  test.each([
    [0, "$0.00"],
    [1, "$0.000000001"],
    [750, "$0.00000075"],
    [210_000, "$0.00021"],
    [214_900, "$0.00021"],
    [9_999_999, "$0.01"],
    [42_000_000, "$0.042"],
    [123_456_789, "$0.12"],
    [1_005_000_000, "$1.01"],
    [1_234_567_890_000_000, "$1,234,567.89"],
    [-210_000, "-$0.00021"],
  ])("of %d nano-USD prints as %s", (nano, text) => {
    expect(formatMoney(nano)).toBe(text)
  })
})

describe("counts and durations", () => {
  test.each([
    [null, "–"],
    [0, "0ms"],
    [84.6, "85ms"],
    [999.4, "999ms"],
    [999.6, "1.0s"],
    [59_949, "59.9s"],
    [59_950, "1m00s"],
    [185_000, "3m05s"],
  ])("of %p milliseconds print as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  test("set thousands apart", () => {
    expect(formatCount(1_234_567)).toBe("1,234,567")
  })
})

describe("since", () => {
  const now = Date.UTC(2026, 10, 21, 12)
  test.each<[string, number | undefined]>([
    ["30m", now - 1_800_000],
    ["24h", now - 86_400_000],
    ["1.5h", now - 5_400_000],
    ["7d", now - 7 * 86_400_000],
    ["2w", now - 14 * 86_400_000],
    ["2026-11-01", Date.UTC(2026, 10, 1)],
    ["2026-11-01T10:30", Date.UTC(2026, 10, 1, 10, 30)],
    ["2026-11-01 10:30:05", Date.UTC(2026, 10, 1, 10, 30, 5)],
    ["2026-11-01T10:30+02:00", Date.UTC(2026, 10, 1, 8, 30)],
    ["2026-11-31", undefined],
    ["2026-13-01", undefined],
    ["2026-11-01T25:00", undefined],
    ["yesterday", undefined],
    ["7", undefined],
    ["-1h", undefined],
    ["", undefined],
  ])("%p is %p", (text, time) => {
    expect(parseSince(text, now)).toBe(time)
  })
})
