import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { TSchema } from "@sinclair/typebox"
import { Value } from "@sinclair/typebox/value"
import { Validator } from "@seriousme/openapi-schema-validator"
import { isServed } from "../../src/core/protocol.ts"
import { protocols } from "../../src/protocols/index.ts"
import { ChatCompletion } from "../../src/server/openapi/schemas/chat-response.ts"
import { ErrorAnswer } from "../../src/server/openapi/schemas/error.ts"
import { Health, Probe, Reload } from "../../src/server/openapi/schemas/health.ts"
import { Model, ModelList } from "../../src/server/openapi/schemas/models.ts"
import { type Router, startRouter } from "../support/router.ts"

/** Where some SDKs call what the page lists below another path. */
const ALIASES: readonly string[] = ["/v1/models/*", "/v1beta/*"]

interface Document {
  paths: Record<string, Record<string, { operationId: string; summary?: string; tags?: string[] }>>
}

const config = { providers: { demo: { type: "demo" } }, groups: { g: ["demo/demo"] } }
let router: Router
let document: Document

beforeAll(async () => {
  router = await startRouter(config)
  document = (await (await fetch(`${router.url}/swagger/json`)).json()) as Document
})
afterAll(() => router.close())

/** What a schema says against an answer; nothing when it fits. */
function complaints(schema: TSchema, value: unknown): string[] {
  return [...Value.Errors(schema, value)].map(({ path, message }) => `${path} ${message}`)
}

async function read(response: Response | Promise<Response>): Promise<unknown> {
  return (await response).json()
}

describe("the router's own document", () => {
  test("is valid OpenAPI", async () => {
    const result = await new Validator().validate(structuredClone(document) as never)
    expect(result.errors).toBeUndefined()
    expect(result.valid).toBe(true)
  })

  test("has every route of every protocol and none of the aliases", () => {
    const paths = Object.keys(document.paths)
    for (const { ingress } of [...protocols.values()].filter(isServed)) {
      for (const { path, actions = {} } of ingress.routes.filter(
        ({ path }) => !ALIASES.includes(path),
      )) {
        const names = Object.keys(actions).map((each) => path.replace("*", `{model}:${each}`))
        for (const name of names.length > 0 ? names : [path]) expect(paths).toContain(name)
      }
      for (const prefix of ingress.prefixes) {
        expect(paths.filter((path) => path.startsWith(`${prefix}/`))).toEqual([])
      }
    }
  })

  test("has the models, health and admin routes and no page, asset or wildcard", () => {
    const paths = Object.keys(document.paths)
    for (const path of [
      "/v1/models",
      "/v1/models/{model}",
      "/health",
      "/health/live",
      "/health/ready",
      "/admin/reload",
      "/admin/health",
      "/admin/explain",
    ]) {
      expect(paths).toContain(path)
    }
    expect(paths.filter((path) => path.includes("swagger") || path.includes("*"))).toEqual([])
    expect(paths).not.toContain("/")
  })

  test("names and describes every operation", () => {
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length)
    expect(all.filter(({ summary, tags }) => !summary || tags?.length !== 1)).toEqual([])
  })
})

describe("the router's answers follow their schemas:", () => {
  test("the lists of models", async () => {
    const list = await read(fetch(`${router.url}/v1/models`))
    expect(complaints(ModelList, list)).toEqual([])
    expect(complaints(Model, await read(fetch(`${router.url}/v1/models/g`)))).toEqual([])
  })

  test("health and probes", async () => {
    expect(complaints(Health, await read(fetch(`${router.url}/health`)))).toEqual([])
    expect(complaints(Probe, await read(fetch(`${router.url}/health/live`)))).toEqual([])
    expect(complaints(Probe, await read(fetch(`${router.url}/health/ready`)))).toEqual([])
  })

  test("a chat", async () => {
    const messages = [{ role: "user", content: "hi" }]
    const answer = await router.post("/v1/chat/completions", { model: "g", messages })
    expect(answer.status).toBe(200)
    expect(complaints(ChatCompletion, await read(answer))).toEqual([])
  })

  test("errors of every origin", async () => {
    const failures = [
      [404, fetch(`${router.url}/v1/models/none`)],
      [404, router.post("/v1/chat/completions", { model: "none", messages: [] })],
      [404, fetch(`${router.url}/nowhere`)],
      [400, router.post("/v1/chat/completions", "{")],
    ] as const
    for (const [status, failure] of failures) {
      const response = await failure
      expect(response.status).toBe(status)
      expect(complaints(ErrorAnswer, await read(response))).toEqual([])
    }
  })

  test("a reload that works and one that does not, before and after in health", async () => {
    const reload = () => router.post("/admin/reload", {})
    const same = await reload()
    expect(same.status).toBe(200)
    expect(complaints(Reload, await read(same))).toEqual([])

    router.configure({ ...config, groups: { g: ["missing/model"] } })
    const failed = await reload()
    expect(failed.status).toBe(422)
    const reason = (await read(failed)) as { problems: unknown[] }
    expect(complaints(Reload, reason)).toEqual([])
    expect(reason.problems.length).toBeGreaterThan(0)
    expect(complaints(Health, await read(fetch(`${router.url}/health`)))).toEqual([])
  })
})
