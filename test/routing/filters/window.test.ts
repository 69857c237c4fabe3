import { describe, expect, test } from "bun:test"
import { deployment } from "../parts.ts"
import { told } from "./objecting.ts"

const small = deployment("a/small", { window: 8000 })
const large = deployment("b/large", { window: 100_000 })
const unknown = deployment("c/unknown")
const all = [small, large, unknown]

describe("a context window", () => {
  test("is large enough for as many bytes, whatever they are guessed to be", () => {
    expect(told(all, { bytes: 7000, inputTokens: 1_000_000, maxTokens: 1000 })).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test("counts input and output together", () => {
    const asked = { bytes: 28_000, inputTokens: 7000 }
    expect(told(all, { ...asked, maxTokens: 1000 })).toEqual([undefined, undefined, undefined])
    expect(told(all, { ...asked, maxTokens: 1001 })).toEqual([
      "has a context window of 8000 tokens, less than about 8001 ?",
      undefined,
      undefined,
    ])
  })

  test("comes last where it may be too small, and is left out where it must be", () => {
    expect(told(all, { bytes: 60_000, inputTokens: 15_000 })[0]).toEndWith("?")
    expect(told(all, { bytes: 68_000, inputTokens: 17_000 })[0]).toBe(
      "has a context window of 8000 tokens, less than about 17000",
    )
  })

  test("is tried all the same where it is the largest there is", () => {
    const found = told([small, large], { bytes: 4_000_000, inputTokens: 1_000_000 })
    expect(found.map((why) => why?.endsWith("?"))).toEqual([false, true])
  })

  test("does not bound a list of texts to embed: each of them has its own", () => {
    const asked = { operation: "embeddings" as const, bytes: 400_000, inputTokens: 100_000 }
    expect(told([small], asked)).toEqual([undefined])
  })
})
