import { describe, expect, test } from "bun:test"
import { Validator } from "@seriousme/openapi-schema-validator"
import { swaggerApp } from "./swagger-app.ts"

type Json = Record<string, unknown>
interface OperationObject {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: Record<string, unknown>[]
  responses: Record<string, Json>
}
interface Document {
  openapi: string
  tags: { name: string }[]
  paths: Record<string, Record<string, OperationObject>>
  components: Record<string, Json>
}

const { app } = swaggerApp()
const response = await app.handle(new Request("http://localhost/swagger/json"))
const document = (await response.json()) as Document

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    operation,
  })),
)

/** Every object inside a value, itself included. */
function* objectsIn(value: unknown): Generator<Json> {
  if (typeof value !== "object" || value === null) return
  if (!Array.isArray(value)) yield value as Json
  for (const inner of Object.values(value)) yield* objectsIn(inner)
}

function resolve(reference: string): unknown {
  const steps = reference.replace(/^#\//, "").split("/")
  return steps.reduce<unknown>((at, step) => (at as Json | undefined)?.[step], document)
}

describe("the document at /swagger/json", () => {
  test("is valid OpenAPI 3.0.3", async () => {
    const result = await new Validator().validate(structuredClone(document) as never)
    expect(result.errors).toBeUndefined()
    expect(result.valid).toBe(true)
    expect(document.openapi).toBe("3.0.3")
  })

  test("has every route that is not hidden", () => {
    expect(operations.map(({ name }) => name).sort()).toEqual([
      "DELETE /v1/responses/{id}",
      "GET /admin/explain",
      "GET /admin/health",
      "GET /health",
      "GET /health/live",
      "GET /health/ready",
      "GET /v1/models",
      "GET /v1/models/{model}",
      "GET /v1/responses/{id}",
      "GET /v1/responses/{id}/input_items",
      "GET /v1beta/models",
      "GET /v1beta/models/{model}",
      "POST /admin/explain",
      "POST /admin/reload",
      "POST /v1/audio/speech",
      "POST /v1/audio/transcriptions",
      "POST /v1/audio/translations",
      "POST /v1/chat/completions",
      "POST /v1/completions",
      "POST /v1/embeddings",
      "POST /v1/images/generations",
      "POST /v1/messages",
      "POST /v1/messages/count_tokens",
      "POST /v1/moderations",
      "POST /v1/rerank",
      "POST /v1/responses",
      "POST /v1/responses/compact",
      "POST /v1/responses/input_tokens",
      "POST /v1/responses/{id}/cancel",
      "POST /v1beta/models/{model}:batchEmbedContents",
      "POST /v1beta/models/{model}:countTokens",
      "POST /v1beta/models/{model}:embedContent",
      "POST /v1beta/models/{model}:generateContent",
      "POST /v1beta/models/{model}:streamGenerateContent",
    ])
  })

  test("names every operation once", () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(operations.length)
    expect(ids).not.toContain(undefined)
  })

  test("resolves every reference", () => {
    const references = [...objectsIn(document)]
      .map((each) => each["$ref"])
      .filter((each) => typeof each === "string")
    expect(references.length).toBeGreaterThan(100)
    expect(references.filter((each) => resolve(each) === undefined)).toEqual([])
  })

  test("uses every named schema", () => {
    const used = new Set([...objectsIn(document)].map((each) => each["$ref"]))
    const names = Object.keys(document.components["schemas"] ?? {})
    expect(names.filter((name) => !used.has(`#/components/schemas/${name}`))).toEqual([])
  })

  test("uses only the words of JSON Schema that OpenAPI 3.0 has", () => {
    const foreign = ["const", "patternProperties", "$id", "$defs"]
    const found = [...objectsIn(document.components["schemas"])].flatMap((each) =>
      foreign.filter((word) => word in each && typeof each[word] !== "object"),
    )
    expect(found).toEqual([])
    expect(JSON.stringify(document.components["schemas"])).not.toContain('"type":"null"')
  })

  test("lists only tags and ways to authenticate that it describes", () => {
    const tags = document.tags.map((tag) => tag.name)
    const schemes = Object.keys(document.components["securitySchemes"] ?? {})
    for (const { operation } of operations) {
      expect(tags).toContain(operation.tags![0]!)
      for (const needed of operation.security ?? []) {
        expect(schemes).toContain(Object.keys(needed)[0]!)
      }
    }
    expect(schemes.sort()).toEqual(["admin", "bearer", "x-api-key", "x-goog-api-key"])
  })

  for (const { name, operation } of operations) {
    test(`describes ${name}`, () => {
      expect(operation.summary).toBeString()
      expect(operation.tags).toHaveLength(1)
      expect(operation.security).toBeArray()
      expect(operation.responses).toHaveProperty("200")
      for (const [status, given] of Object.entries(operation.responses)) {
        const answer = ("$ref" in given ? resolve(String(given["$ref"])) : given) as Json
        expect(answer["description"], status).toBeString()
        const contents = Object.values((answer["content"] ?? {}) as Record<string, Json>)
        expect(contents.length, status).toBeGreaterThan(0)
        for (const content of contents) expect(content["schema"], status).toBeObject()
      }
    })
  }

  test("shows streams as events and speech as bytes", () => {
    const chat = document.paths["/v1/chat/completions"]!["post"]!
    const content = chat.responses["200"]!["content"] as Record<string, Json>
    expect(Object.keys(content)).toEqual(["application/json", "text/event-stream"])
    expect(content["text/event-stream"]!["example"]).toEndWith("data: [DONE]\n\n")
    const speech = document.paths["/v1/audio/speech"]!["post"]!
    const audio = speech.responses["200"]!["content"] as Record<string, Json>
    expect(audio["audio/mpeg"]!["schema"]).toEqual({ type: "string", format: "binary" })
  })
})
