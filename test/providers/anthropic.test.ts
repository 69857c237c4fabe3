import { describe, expect, test } from "bun:test"
import { Secret } from "../../src/core/secret.ts"
import { PLAIN_PROVIDER } from "../../src/core/plain-settings.ts"
import type { ProviderSettings } from "../../src/core/settings.ts"
import { anthropic } from "../../src/providers/anthropic.ts"

function account(baseUrl?: string) {
  const settings: ProviderSettings = {
    ...PLAIN_PROVIDER,
    name: "a",
    type: "anthropic",
    baseUrl,
  }
  return anthropic.open(settings)
}

const CALL = {
  operation: "chat",
  protocol: "anthropic-messages",
  path: "/v1/messages?beta=true",
  model: "m",
  stream: true,
} as const

describe("an Anthropic account", () => {
  test.each([
    [undefined, "https://api.anthropic.com/v1/messages?beta=true"],
    ["https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages?beta=true"],
    ["https://host/anthropic", "https://host/anthropic/v1/messages?beta=true"],
    ["https://host/anthropic/v1/", "https://host/anthropic/v1/messages?beta=true"],
  ])("with the base %p is called at %s", (baseUrl, url) => {
    expect(account(baseUrl).url(CALL)).toBe(url)
  })

  test("sends its key in the API's own header", () => {
    expect(account().authorize(new Secret("sk-ant"))).toEqual({ "x-api-key": "sk-ant" })
    expect(account().authorize(undefined)).toEqual({})
  })

  test("can be probed for free", () => {
    expect(account("https://host/v1").probeUrl).toBe("https://host/v1/models")
  })

  test("exchanges state between Claude models only", () => {
    const family = (model: string) => anthropic.family!(model, "anthropic-messages")
    expect(family("claude-opus-4-8")).toBe("anthropic")
    expect(family("kimi-k2.5")).toBe("kimi-k2.5")
  })
})
