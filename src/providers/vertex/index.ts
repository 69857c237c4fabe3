import type { ProviderDefinition } from "../../core/provider.ts"
import type { CredentialContext } from "../credentials/token-request.ts"
import { defineProvider } from "../define.ts"
import { anthropicCapabilities } from "../models/anthropic.ts"
import { geminiCapabilities } from "../models/gemini.ts"
import { atVertex, kindOf } from "./models.ts"

/** What Claude's API has and Vertex has not: it fetches no URLs and enforces no schemas. */
const CLAUDE_LACKS = {
  imageUrls: false,
  documentUrls: false,
  strictTools: false,
  schema: "tool",
} as const

export const vertex = createVertex()

/** Google Cloud Vertex AI. @param context what its credentials need of the world */
export function createVertex(context?: CredentialContext): ProviderDefinition {
  return defineProvider({
    type: "vertex",
    description:
      "Google Cloud Vertex AI: Gemini, Claude and open models. A key is a credentials file's text, its path, or an API key; without one, the application default credentials are used",
    speaks: {
      chat: ["gemini", "anthropic-messages", "openai-chat"],
      "count-tokens": ["gemini", "anthropic-messages"],
      embeddings: ["vertex-embeddings", "openai-chat"],
    },
    speaksFor(model, operation) {
      const kind = kindOf(model)
      if (operation === "chat") return [PROTOCOLS[kind]]
      if (operation === "count-tokens") return kind === "open" ? [] : [PROTOCOLS[kind]]
      if (operation !== "embeddings" || kind === "anthropic") return []
      return kind === "open" ? [PROTOCOLS.open] : ["vertex-embeddings"]
    },
    capabilities(model) {
      switch (kindOf(model)) {
        case "anthropic":
          return { ...anthropicCapabilities(atVertex(model)), ...CLAUDE_LACKS }
        case "google":
          return geminiCapabilities(atVertex(model))
        case "open":
          return { developerRole: false }
      }
    },
    // Claude's signatures hold on every platform; Gemini's do not outside the one that made them.
    family: (model) => FAMILIES[kindOf(model)],
    keyless: true,
    keyDocuments: true,
    env: ["GOOGLE_APPLICATION_CREDENTIALS"],
    vendor: "google",
    options: {
      project: "Google Cloud project; without it, the one that the credentials name.",
      location: "Region such as `us-central1`, `us`, `eu`; without it, `global`.",
      tokenUrl: "Endpoint for access tokens, where it is not Google's own.",
    },
    needs: [],
    open(settings) {
      // Most configs have no such account: what is behind it is loaded for those that have.
      const { openVertex } = require("./account.ts") as typeof import("./account.ts")
      return openVertex(settings, context)
    },
  })
}

const PROTOCOLS = {
  google: "gemini",
  anthropic: "anthropic-messages",
  open: "openai-chat",
} as const

const FAMILIES = { google: "google-vertex", anthropic: "anthropic", open: "vertex" } as const
