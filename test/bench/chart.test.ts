import { expect, test } from "bun:test"
import { chart } from "../../bench/chart.ts"

const bar = (name: string, value: number, own = false) => ({ name, value, text: `${value}`, own })

test("bars are as long as their values say, within each panel", () => {
  const svg = chart(
    [
      { title: "one", bars: [bar("a", 50), bar("b", 100, true)] },
      { title: "two", bars: [bar("a", 1)] },
    ],
    "",
  )
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
  expect(widths).toHaveLength(3)
  expect(widths[0]! * 2).toBeCloseTo(widths[1]!)
  expect(widths[2]).toBe(widths[1]!)
})

test("only the own bar stands out", () => {
  const svg = chart([{ title: "one", bars: [bar("a", 1), bar("b", 1, true)] }], "")
  expect(svg.match(/<rect class="own"/g)).toHaveLength(1)
  expect(svg.match(/<rect class="bar"/g)).toHaveLength(1)
})

test("names cannot break the drawing", () => {
  const svg = chart([{ title: "<a&b>", bars: [bar("<script>", 1)] }], "a < b")
  expect(svg).not.toContain("<script>")
  expect(svg).toContain("&lt;a&amp;b&gt;")
})

test("nothing to draw is still a drawing", () => {
  expect(chart([{ title: "one", bars: [] }], "")).toContain("</svg>")
})
