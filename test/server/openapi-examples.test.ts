import { describe, expect, test } from "bun:test"
import type { TSchema } from "@sinclair/typebox"
import { Value } from "@sinclair/typebox/value"
import { schemas } from "../../src/server/openapi/content.ts"
import type {
  Content,
  Examples,
  ResponseOrRef,
  RouteDoc,
} from "../../src/server/openapi/document.ts"
import { errorResponses } from "../../src/server/openapi/errors.ts"
import { chatChunks } from "../../src/server/openapi/examples/chat-answers.ts"
import {
  conversationDocs,
  geminiDocs,
  geminiModelDocs,
  operationDocs,
  routeDocs,
} from "../../src/server/openapi/index.ts"
import * as audio from "../../src/server/openapi/schemas/audio.ts"
import * as channels from "../../src/server/openapi/schemas/channels.ts"
import * as message from "../../src/server/openapi/schemas/chat-message.ts"
import * as chatRequest from "../../src/server/openapi/schemas/chat-request.ts"
import * as chatResponse from "../../src/server/openapi/schemas/chat-response.ts"
import * as completion from "../../src/server/openapi/schemas/completion.ts"
import * as count from "../../src/server/openapi/schemas/count-tokens.ts"
import * as embeddings from "../../src/server/openapi/schemas/embeddings.ts"
import * as error from "../../src/server/openapi/schemas/error.ts"
import * as gemini from "../../src/server/openapi/schemas/gemini.ts"
import * as health from "../../src/server/openapi/schemas/health.ts"
import * as images from "../../src/server/openapi/schemas/images.ts"
import * as messages from "../../src/server/openapi/schemas/messages.ts"
import * as models from "../../src/server/openapi/schemas/models.ts"
import * as moderation from "../../src/server/openapi/schemas/moderation.ts"
import * as rerank from "../../src/server/openapi/schemas/rerank.ts"
import * as responses from "../../src/server/openapi/schemas/responses.ts"

const sources = [audio, message, chatRequest, chatResponse, completion, count, embeddings, error]
const more = [channels, health, images, models, moderation, rerank, responses, messages, gemini]
const byReference = new Map<string, TSchema>()
for (const schema of [...sources, ...more].flatMap((each) => Object.values(each) as TSchema[])) {
  if (schema.$id) byReference.set(`#/components/schemas/${schema.$id}`, schema)
}

/** Every JSON example of a route, with the schema it has to follow. */
function* examplesOf(name: string, content: Content): Generator<[string, TSchema, unknown]> {
  const media = content["application/json"]
  if (!media?.schema || !("$ref" in media.schema)) return
  const schema = byReference.get(media.schema.$ref)
  if (!schema) throw new Error(`no TypeBox schema for ${media.schema.$ref}`)
  for (const [key, example] of Object.entries((media.examples ?? {}) as Examples)) {
    yield [`${name}: ${key}`, schema, example.value]
  }
}

function contentOf(response: ResponseOrRef): Content {
  return "content" in response ? (response.content ?? {}) : {}
}

const cases: [string, TSchema, unknown][] = []
const docs = [operationDocs, routeDocs, conversationDocs, geminiDocs, geminiModelDocs]
for (const doc of docs.flatMap((each): RouteDoc[] => Object.values(each))) {
  if ("requestBody" in doc && doc.requestBody) {
    cases.push(...examplesOf(`${doc.operationId} request`, doc.requestBody.content))
  }
  for (const [status, response] of Object.entries(doc.responses as Record<string, ResponseOrRef>)) {
    cases.push(...examplesOf(`${doc.operationId} ${status}`, contentOf(response)))
  }
}
for (const [name, response] of Object.entries(errorResponses)) {
  cases.push(...examplesOf(name, contentOf(response)))
}

describe("examples", () => {
  for (const [name, schema, value] of cases) {
    test(`follow their schema: ${name}`, () => {
      expect([...Value.Errors(schema, value)].map((e) => `${e.path} ${e.message}`)).toEqual([])
    })
  }

  test("cover every JSON body and every error", () => {
    expect(cases.length).toBeGreaterThan(40)
    for (const { requestBody, operationId } of Object.values(operationDocs)) {
      const isJson = requestBody !== undefined && "application/json" in requestBody.content
      const found = cases.some(([name]) => name.startsWith(`${operationId} request`))
      expect(found, operationId).toBe(isJson)
    }
  })

  test("of streamed chunks follow the chunk's schema", () => {
    for (const chunk of chatChunks) {
      expect(Value.Check(chatResponse.ChatCompletionChunk, chunk)).toBe(true)
    }
  })
})

describe("schemas", () => {
  const ask = { model: "auto", messages: [{ role: "user", content: "hi" }] }

  test("let fields through that they do not name", () => {
    expect(Value.Check(chatRequest.ChatRequest, { ...ask, top_k: 4 })).toBe(true)
  })

  test("reject a body that is not a conversation", () => {
    for (const wrong of [
      { model: "auto" },
      { ...ask, messages: [] },
      { ...ask, messages: [{ role: "robot", content: "hi" }] },
      { ...ask, temperature: 3 },
      { ...ask, tools: [{ type: "function" }] },
      { ...ask, response_format: { type: "xml" } },
    ]) {
      expect(Value.Check(chatRequest.ChatRequest, wrong), JSON.stringify(wrong)).toBe(false)
    }
  })

  test("become OpenAPI 3.0: literals are enums, null is nullable, records are maps", () => {
    const request = schemas["ChatRequest"] as { properties: Record<string, unknown> }
    expect(request.properties["model"]).toEqual({ $ref: "#/components/schemas/ModelName" })
    expect(request.properties["verbosity"]).toEqual({
      type: "string",
      enum: ["low", "medium", "high", null],
      nullable: true,
      description: "How long-winded it is.",
    })
    expect(request.properties["stream_options"]).toEqual({
      allOf: [{ $ref: "#/components/schemas/StreamOptions" }],
      nullable: true,
    })
    expect(request.properties["logit_bias"]).toEqual({
      type: "object",
      additionalProperties: { type: "number" },
      nullable: true,
      description: "Bias from -100 to 100 by token id.",
    })
  })
})
