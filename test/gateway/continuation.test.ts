import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { upstreams } from "../matrix/upstreams.ts"
import { CALLER_IDS, listen, openChain } from "./continuation-bench.ts"

const use = closing()

const TARGETS = upstreams.map(({ id }) => id)
const BEGINNING = 'Hello wörld 你好 👩‍👩‍👧 "quoted"'
const REST = " and that is all."

describe.each(CALLER_IDS)("a caller of %s hears one answer", (caller) => {
  test.each(TARGETS)("when %s breaks off and goes on", async (target) => {
    const { router, chain } = await openChain(use, [
      [target, "role|tok:5|gate|cut"],
      [target, `say:${REST}`],
    ])
    const heard = await listen(router, caller, [["quoted", chain[0]!]])
    expect(heard.text).toBe(BEGINNING + REST)
    expect(heard).toMatchObject({ whole: true, error: false })
    expect(chain.map((each) => each.count())).toEqual([1, 1])
  })

  test.each(TARGETS)("when %s goes on with the answer of another vendor", async (target) => {
    const first = target === "gemini" ? "anthropic-messages" : "gemini"
    const { router, chain } = await openChain(use, [
      [first, "role|tok:5|gate|rst"],
      [target, `say:${REST}`],
    ])
    const heard = await listen(router, caller, [["quoted", chain[0]!]])
    expect(heard.text).toBe(BEGINNING + REST)
    expect(heard).toMatchObject({ whole: true, error: false })
  })
})
