import { describe, expect, test } from "bun:test"
import { markdownTable, replaceSection } from "../../bench/markdown.ts"
import { parts } from "../../bench/parts/index.ts"
import { metricLines, peerLines } from "../../bench/tables.ts"

describe("the table of everything", () => {
  test("leaves out what nobody was measured for", () => {
    const lines = metricLines({ nginx: { start: [7] } }, parts, ["nginx", "llmrouter"])
    expect(lines).toEqual([
      ["", "unit", "nginx", "llmrouter"],
      ["start to first 200", "ms", "7.0", "–"],
    ])
  })
})

describe("the table of peers", () => {
  const peer = (name: string, language: "TypeScript" | "Python" | "Go" | "Rust") => ({
    name,
    language,
    source: { registry: "npm" as const, package: name, version: "1.0.0" },
  })
  const results = {
    llmrouter: { "chat64.perSecond": [1000] },
    a: { "chat64.perSecond": [500] },
    b: { "chat64.perSecond": [51] },
    c: { "chat64.perSecond": [2000] },
  }
  const peers = [peer("a", "Go"), peer("b", "Python"), peer("c", "Rust"), peer("d", "Go")]

  test("says who is left behind, and only compares with Rust", () => {
    const [, , , ...lines] = peerLines(results, peers)
    expect(lines.map((line) => [line[0], ...line.slice(-3)])).toEqual([
      ["a 1.0.0", "2.0 ×", "≥ 2 ×", "yes"],
      ["b 1.0.0", "19.6 ×", "≥ 20 ×", "no"],
      ["c 1.0.0", "0.5 ×", "", ""],
      ["d 1.0.0", "–", "≥ 2 ×", "not measured"],
    ])
  })
})

test("a table is aligned as text", () => {
  expect(
    markdownTable([
      ["", "unit"],
      ["long label", "ms"],
      ["x", "MB"],
    ]).split("\n"),
  ).toEqual([
    "|            | unit |",
    "| ---------- | ---: |",
    "| long label |   ms |",
    "| x          |   MB |",
  ])
})

describe("a section between markers", () => {
  const page = "# A\n\n<!-- x: begin -->\nold\n<!-- x: end -->\n\nrest\n"

  test("is replaced, and nothing else", () => {
    expect(replaceSection(page, "x", "new")).toBe(
      "# A\n\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\n\nrest\n",
    )
  })

  test("can be replaced again", () => {
    const once = replaceSection(page, "x", "new")
    expect(replaceSection(once, "x", "new")).toBe(once)
  })

  test("is not made where its markers are lost", () => {
    expect(() => replaceSection(page, "y", "new")).toThrow("y")
  })
})
