import { describe, expect, test } from "bun:test"
import type { Capabilities } from "../../../src/core/capabilities.ts"
import type { Need, Needs } from "../../../src/core/needs.ts"
import { lacksOf } from "../../../src/routing/lacks.ts"
import { deployment } from "../parts.ts"
import { objections, told } from "./objecting.ts"

const needs = (...all: Need[]) => ({ needs: new Set(all) })

describe("what a model lacks", () => {
  const lacks = (declared: Record<string, boolean>, ...spoken: Capabilities[]) =>
    lacksOf(declared, spoken).lacks

  test("is what the capabilities of its protocol rule out", () => {
    const capabilities: Capabilities = {
      images: false,
      documents: false,
      tools: false,
      schema: "none",
      reasoning: "none",
    }
    expect(lacks({}, capabilities)).toEqual([
      "tools",
      "parallel-tools",
      "vision",
      "documents",
      "json-schema",
      "reasoning",
    ])
  })

  test("is nothing where nothing is known", () => {
    expect(lacks({}, {})).toEqual([])
    expect(lacks({})).toEqual([])
  })

  test("is not what one of its protocols takes", () => {
    expect(lacks({}, { images: false, audio: false }, { audio: false })).toEqual(["audio"])
  })

  test("is what the config says, in both directions", () => {
    expect(lacks({ vision: true, tools: false }, { images: false })).toEqual(["tools"])
  })
})

describe("a model that lacks what is needed", () => {
  const blind = deployment("a/blind", { lacks: ["vision", "audio"] })
  const able = deployment("b/able")

  test("is left out, and only for that", () => {
    expect(told([blind, able], needs("vision"))).toEqual(["lacks vision", undefined])
    expect(told([blind, able], needs("vision", "audio"))).toEqual([
      "lacks vision and audio",
      undefined,
    ])
    expect(told([blind, able], needs("tools"))).toEqual([undefined, undefined])
  })

  test("is tried where all others lack more: what is believed of models must not fail a request", () => {
    const worse = deployment("c/worse", { lacks: ["vision", "audio", "tools"] })
    expect(told([worse, blind], needs("vision", "audio", "tools"))).toEqual([
      "lacks vision and audio and tools",
      "lacks vision and audio ?",
    ])
  })

  test("is never tried where the config says so", () => {
    const denied = deployment("c/denied", { lacks: ["vision", "audio"] })
    Object.assign(denied, { denies: ["vision"] })
    expect(told([denied], needs("vision"))).toEqual(["lacks vision"])
    expect(told([denied], needs("audio"))).toEqual(["lacks audio ?"])
  })

  test.each(["reasoning", "json-schema", "parallel-tools"] as const)(
    "comes last where the answer is worth something without it: %s",
    (need) => {
      const plain = deployment("a/plain", { lacks: [need] })
      Object.assign(plain, { denies: [need] })
      expect(told([plain, able], needs(need))).toEqual([`lacks ${need} ?`, undefined])
    },
  )

  test("costs a look at the request only where a model lacks something", () => {
    const asked: Need[] = []
    const watched: Needs = {
      has(need) {
        asked.push(need)
        return false
      },
      [Symbol.iterator]: () => [].values(),
    }
    expect(objections([able, able], { needs: watched })).toEqual([undefined, undefined])
    expect(asked).toEqual([])
    objections([able, blind], { needs: watched })
    expect(asked).toEqual(["vision", "audio"])
  })
})
