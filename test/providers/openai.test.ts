import { describe, expect, test } from "bun:test"
import { Secret } from "../../src/core/secret.ts"
import { PLAIN_PROVIDER } from "../../src/core/plain-settings.ts"
import type { ProviderSettings } from "../../src/core/settings.ts"
import { azure } from "../../src/providers/azure.ts"
import { openai } from "../../src/providers/openai.ts"
import { openaiCapabilities, openaiSpeaks } from "../../src/providers/models/openai.ts"

const CHAT = "openai-chat"
const RESPONSES = "openai-responses"

const settings = (options: Record<string, string>, baseUrl?: string): ProviderSettings => ({
  ...PLAIN_PROVIDER,
  name: "p",
  type: "azure",
  baseUrl,
  options,
})

describe("what a model of OpenAI's takes", () => {
  test.each([
    ["gpt-4o", "none", undefined, 4, true],
    ["gpt-4.1-mini", "none", undefined, 4, true],
    ["ft:gpt-4o:org::id", "none", undefined, 4, true],
    ["chatgpt-4o-latest", "none", undefined, 4, true],
    ["gpt-5-chat-latest", "none", undefined, 4, true],
    ["o3", "effort", ["low", "medium", "high"], 0, false],
    ["o4-mini", "effort", ["low", "medium", "high"], 0, false],
    ["gpt-5", "effort", ["minimal", "low", "medium", "high"], 0, false],
    ["gpt-5-codex", "effort", ["low", "medium", "high"], 0, false],
    ["gpt-5-pro", "effort", ["high"], 0, false],
    ["gpt-5.1", "effort", ["none", "low", "medium", "high"], 0, false],
    ["gpt-5.1-codex-max", "effort", ["low", "medium", "high", "xhigh"], 0, false],
    ["gpt-5.4-mini", "effort", ["none", "low", "medium", "high", "xhigh"], 0, false],
    ["gpt-5.6", "effort", ["none", "low", "medium", "high", "xhigh", "max"], 0, false],
    ["openai/gpt-6.1-sol", "effort", ["none", "low", "medium", "high", "xhigh", "max"], 0, false],
  ])("is known by the name %s", (model, reasoning, efforts, stops, sampling) => {
    const taken = openaiCapabilities(model, CHAT)
    expect(taken.reasoning as string).toBe(reasoning)
    expect(taken.efforts as readonly string[] | undefined).toEqual(efforts)
    expect(taken.stops).toBe(stops)
    expect(taken.sampling !== false).toBe(sampling)
    expect(taken.maxTokensField).toBe("max_completion_tokens")
    expect(taken.developerRole).toBe(true)
  })

  test("is not guessed of names that are not OpenAI's", () => {
    const taken = openaiCapabilities("my-deployment", RESPONSES)
    expect(taken.reasoning).toBeUndefined()
    expect(taken.sampling).toBeUndefined()
    expect(taken.audio).toBeUndefined()
  })

  test("depends on the protocol", () => {
    expect(openaiCapabilities("gpt-5.6", RESPONSES)).toMatchObject({
      toolResultImages: true,
      audio: false,
      cacheMarks: "breakpoint",
    })
    expect(openaiCapabilities("gpt-4o-audio-preview", CHAT)).toMatchObject({
      toolResultImages: false,
      documentUrls: false,
      audio: true,
      cacheMarks: "none",
    })
  })

  test.each([
    ["gpt-5.4", undefined],
    ["o1-pro", [RESPONSES]],
    ["gpt-5.2-pro", [RESPONSES]],
    ["gpt-5.3-codex", [RESPONSES]],
    ["o3-deep-research", [RESPONSES]],
    ["gpt-4o-audio-preview", [CHAT]],
    ["gpt-4o-search-preview", [CHAT]],
  ])("is said in its protocols: %s in %j", (model, protocols) => {
    expect(openaiSpeaks(model) as unknown).toEqual(protocols)
    expect(openai.speaksFor?.(model, "embeddings")).toBeUndefined()
  })

  test("is said to callers of other protocols in the one that gives thoughts back", () => {
    expect(openai.speaksFor?.("gpt-5.4", "chat")).toEqual([RESPONSES, CHAT])
    expect(openai.speaksFor?.("gpt-4.1", "chat")).toBeUndefined()
    expect(openai.speaks.chat).toEqual([CHAT, RESPONSES])
    // Azure's older API versions have no Responses.
    expect(azure.speaksFor?.("gpt-5.4", "chat")).toBeUndefined()
  })

  test("is shared by all keys of OpenAI, and on Azure by one provider", () => {
    expect(openai.family?.("gpt-5", RESPONSES)).toBe("openai")
    expect(azure.family).toBeUndefined()
  })
})

describe("Azure's URLs", () => {
  const urlOf = (options: Record<string, string>, protocol: string, baseUrl?: string) =>
    azure.open(settings(options, baseUrl)).url({
      operation: "chat",
      protocol,
      path: protocol === CHAT ? "/chat/completions" : "/responses",
      model: "my gpt",
      stream: false,
    })

  test.each([
    [{ resource: "r" }, CHAT, "https://r.openai.azure.com/openai/v1/chat/completions"],
    [{ resource: "r" }, RESPONSES, "https://r.openai.azure.com/openai/v1/responses"],
    [
      { resource: "r", apiVersion: "2025-04-01-preview" },
      CHAT,
      "https://r.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2025-04-01-preview",
    ],
    [
      { resource: "r", apiVersion: "2025-04-01-preview" },
      RESPONSES,
      "https://r.openai.azure.com/openai/responses?api-version=2025-04-01-preview",
    ],
  ])("of %j for %s are %s", (options, protocol, url) => {
    expect(urlOf(options, protocol)).toBe(url)
    const base = "https://r.openai.azure.com/openai/v1"
    expect(urlOf(options, protocol, base)).toBe(url)
  })

  test("come with the key in Azure's header", () => {
    const account = azure.open(settings({ resource: "r" }))
    expect(account.authorize(new Secret("k"))).toEqual({ "api-key": "k" })
  })
})
