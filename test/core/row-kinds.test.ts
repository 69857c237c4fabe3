import { describe, expect, test } from "bun:test"
import { KIND_FIELDS, rememberKinds } from "../../src/core/row-kinds.ts"
import { usageRow } from "../storage/sqlite/support.ts"

describe("what is remembered of a kind of rows", () => {
  test("is made once for rows that agree in all its fields", () => {
    let made = 0
    const kindOf = rememberKinds(() => ++made)
    expect(kindOf(usageRow("a", { route: "1", cost: 1 }))).toBe(1)
    expect(kindOf(usageRow("b", { input: 2, time: 3, ttft: null, mirrorOf: "a" }))).toBe(1)
  })

  test.each([...KIND_FIELDS])("is another when rows differ in `%s`", (field) => {
    const kindOf = rememberKinds((row) => row[field])
    const usual = usageRow("a")
    const other = { ...usual, [field]: typeof usual[field] === "number" ? 7 : "other" }
    expect(kindOf(usual)).toBe(usual[field])
    expect(kindOf(other)).toBe(other[field])
    expect(kindOf(usual)).toBe(usual[field])
  })

  test("is right for more of them than can be remembered", () => {
    const kindOf = rememberKinds(({ channel, client }) => `${channel} ${client}`)
    for (let n = 0; n < 3000; n++) {
      const row = usageRow("a", { channel: `channel ${n % 70}`, client: `client ${n % 900}` })
      expect(kindOf(row)).toBe(`${row.channel} ${row.client}`)
    }
  })
})
