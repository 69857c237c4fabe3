import { describe, expect, test } from "bun:test"
import { Secret } from "../../src/core/secret.ts"
import { PLAIN_PROVIDER } from "../../src/core/plain-settings.ts"
import type { ProviderSettings } from "../../src/core/settings.ts"
import { geminiCapabilities } from "../../src/providers/models/gemini.ts"
import { gemini } from "../../src/providers/gemini.ts"
import { providers } from "../../src/providers/index.ts"

const SETTINGS: ProviderSettings = {
  ...PLAIN_PROVIDER,
  name: "g",
  type: "gemini",
}
const CALL = {
  operation: "chat",
  protocol: "gemini",
  path: "/models/x:generateContent",
  model: "x",
  stream: false,
} as const

describe("the provider", () => {
  test("speaks its own protocol, with its own header, at its own address", () => {
    const account = gemini.open(SETTINGS)
    expect(account.url(CALL)).toBe(
      "https://generativelanguage.googleapis.com/v1beta/models/x:generateContent",
    )
    expect(account.authorize(new Secret("k"))).toEqual({ "x-goog-api-key": "k" })
    expect(account.authorize(undefined)).toEqual({})
    expect(gemini.speaks.chat).toEqual(["gemini"])
    expect(providers.get("gemini")).toBe(gemini)
  })

  test("can be reached elsewhere", () => {
    const account = gemini.open({ ...SETTINGS, baseUrl: "http://127.0.0.1:1/v1beta" })
    expect(account.url(CALL)).toBe("http://127.0.0.1:1/v1beta/models/x:generateContent")
    expect(account.probeUrl).toBe("http://127.0.0.1:1/v1beta/models?pageSize=1")
  })
})

describe("models", () => {
  test.each([
    [
      "gemini-2.0-flash",
      { reasoning: "none", fullJsonSchema: false, imageUrls: false, toolResultImages: false },
    ],
    [
      "gemini-2.5-flash",
      {
        reasoning: "budget",
        reasoningOff: true,
        reasoningBudget: { least: 1, most: 24_576 },
        schemaWithTools: false,
      },
    ],
    [
      "gemini-2.5-flash-lite",
      { reasoning: "budget", reasoningBudget: { least: 512, most: 24_576 } },
    ],
    [
      "models/gemini-2.5-pro",
      { reasoning: "budget", reasoningOff: false, reasoningBudget: { least: 128, most: 32_768 } },
    ],
    [
      "gemini-3-pro-preview",
      {
        reasoning: "level",
        efforts: ["low", "high"],
        toolResultImages: true,
        schemaWithTools: true,
      },
    ],
    ["gemini-3.1-pro-preview", { efforts: ["low", "medium", "high"] }],
    ["gemini-3.5-flash", { efforts: ["minimal", "low", "medium", "high"], reasoningOff: false }],
    ["gemini-flash-latest", { reasoning: "level" }],
    ["google/gemini-4-ultra", { reasoning: "level", schemaWithTools: true }],
    ["gemini-embedding-001", { tools: false, reasoning: "none" }],
    ["gemma-3-27b-it", { tools: false, schema: "none" }],
    ["gemini-2.5-flash-preview-tts", { tools: false, images: false, reasoning: "none" }],
    ["gemini-3-pro-image-preview", { tools: false, reasoning: "level" }],
  ] as const)("%s", (model, expected) => {
    expect(geminiCapabilities(model)).toMatchObject(expected)
  })

  test("take pictures unless they say otherwise", () => {
    expect(geminiCapabilities("gemini-3-pro-image-preview").images).toBeUndefined()
    expect(geminiCapabilities("gemini-2.5-flash").imageUrls).toBeUndefined()
  })
})
