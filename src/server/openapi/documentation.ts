import { wildcardPaths } from "./by-route.ts"
import { schemas } from "./content.ts"
import type { Documentation } from "./document.ts"
import { errorResponses } from "./errors.ts"
import { steering } from "./steering.ts"

const DESCRIPTION = `
One address for every model. Requests name a **group** of the config as \`model\`; the router picks a
healthy deployment, retries and falls back.

Press **Authorize** and give one of the caller keys, then **Try it out** on a request. Where the
config has no caller keys, none is needed. Every answer carries \`x-request-id\`, which is also in the log.
`.trim()

/** The document without its routes: title, tags, named schemas, errors and ways to authenticate. */
export function documentation(version: string): Documentation {
  return {
    info: {
      title: "LLM Router",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
    },
    servers: [{ url: "/", description: "This router" }],
    tags: [
      { name: "Chat", description: "Text, pictures, tools and structured answers" },
      { name: "Responses", description: "OpenAI Responses, and the answers that are kept" },
      { name: "Messages", description: "Anthropic Messages" },
      { name: "Gemini", description: "Gemini: the model is in the path" },
      { name: "Embeddings", description: "Vectors, and documents in order of relevance" },
      { name: "Images", description: "Pictures from words" },
      { name: "Audio", description: "Speech, and the text of recordings" },
      { name: "Moderation", description: "What should not be said" },
      { name: "Models", description: "The names to use as `model`" },
      { name: "Health", description: "For probes and people" },
      { name: "Admin", description: "For the operator, with `auth.adminKey`" },
    ],
    paths: wildcardPaths,
    components: {
      schemas,
      responses: errorResponses,
      headers,
      parameters: steering,
      securitySchemes,
    },
  }
}

const headers = {
  RequestId: {
    description: "Names this request in the log and the ledger.",
    schema: { type: "string" as const },
  },
  Deployment: {
    description: "`provider/model` that answered.",
    schema: { type: "string" as const },
    example: "openai/gpt-5.4-mini",
  },
  Attempts: {
    description: "How many attempts it took.",
    schema: { type: "integer" as const },
    example: 1,
  },
  Cost: {
    description: "US dollars, where the price is known when the answer begins.",
    schema: { type: "string" as const },
    example: "0.000135",
  },
  Warnings: {
    description: "What the upstream could not be told, and what became of it.",
    schema: { type: "string" as const },
    example: "seed;dropped, temperature;clamped=1",
  },
  Continuation: {
    description: "`allowed`: another upstream may go on with this stream when it breaks off.",
    schema: { type: "string" as const },
    example: "allowed",
  },
  RetryAfter: {
    description: "Seconds after which to try again.",
    schema: { type: "integer" as const },
    example: 20,
  },
}

const securitySchemes = {
  bearer: {
    type: "http" as const,
    scheme: "bearer",
    description: "A caller key of `auth.keys`, as the OpenAI SDKs send it.",
  },
  "x-api-key": {
    type: "apiKey" as const,
    in: "header",
    name: "x-api-key",
    description: "The same key, as the Anthropic SDKs send it.",
  },
  "x-goog-api-key": {
    type: "apiKey" as const,
    in: "header",
    name: "x-goog-api-key",
    description: "The same key, as the Google SDKs send it.",
  },
  admin: {
    type: "http" as const,
    scheme: "bearer",
    description: "The key of `auth.adminKey`.",
  },
}
