import type { TSchema } from "@sinclair/typebox"
import type {
  Content,
  Examples,
  RequestBody,
  ResponseOrRef,
  Responses,
  SchemaOrRef,
  Security,
} from "./document.ts"
import { type Components, toOpenApi } from "./to-openapi.ts"

/** Every named schema that a route refers to. Filled while the route docs are made. */
export const schemas: Components = {}

function reference(schema: TSchema): SchemaOrRef {
  return toOpenApi(schema, schemas)
}

/** A caller's key, in any of the places where the SDKs of the vendors put it. */
export const CALLER: Security = [{ bearer: [] }, { "x-api-key": [] }, { "x-goog-api-key": [] }]

/** The key of `auth.adminKey`. */
export const ADMIN: Security = [{ admin: [] }]

/** No key. */
export const PUBLIC: Security = []

/** A JSON document of this schema, with examples by name. */
export function json(schema: TSchema, examples: Examples): Content {
  return { "application/json": { schema: reference(schema), examples: { ...examples } } }
}

/** A form of this schema, with files. */
export function form(schema: TSchema): Content {
  return { "multipart/form-data": { schema: reference(schema) } }
}

/** Server-sent events, shown as they are on the wire. */
export function events(description: string, example: string): Content {
  return { "text/event-stream": { schema: { type: "string", description }, example } }
}

/** Plain text. */
export function text(type: string, example: string): Content {
  return { [type]: { schema: { type: "string" }, example } }
}

/** Bytes of one of these media types. */
export function binary(...types: string[]): Content {
  return Object.fromEntries(
    types.map((type) => [type, { schema: { type: "string", format: "binary" } }]),
  )
}

export function body(...content: Content[]): RequestBody {
  return { required: true, content: Object.assign({}, ...content) }
}

/** A successful answer that went through to an upstream, with the router's own headers. */
export function answered(description: string, ...content: Content[]): ResponseOrRef {
  return {
    description,
    headers: {
      "x-request-id": { $ref: "#/components/headers/RequestId" },
      "x-llmrouter-deployment": { $ref: "#/components/headers/Deployment" },
      "x-llmrouter-attempts": { $ref: "#/components/headers/Attempts" },
      "x-llmrouter-warnings": { $ref: "#/components/headers/Warnings" },
      "x-llmrouter-continuation": { $ref: "#/components/headers/Continuation" },
      "x-llmrouter-cost": { $ref: "#/components/headers/Cost" },
    },
    content: Object.assign({}, ...content),
  }
}

/** An answer of the router itself. */
export function plain(description: string, ...content: Content[]): ResponseOrRef {
  return { description, content: Object.assign({}, ...content) }
}

/** The errors that any call to a model can end with. */
export const CALL_ERRORS: Responses = {
  400: { $ref: "#/components/responses/Invalid" },
  401: { $ref: "#/components/responses/Unauthorized" },
  403: { $ref: "#/components/responses/Forbidden" },
  404: { $ref: "#/components/responses/NotFound" },
  413: { $ref: "#/components/responses/TooLarge" },
  429: { $ref: "#/components/responses/RateLimited" },
  500: { $ref: "#/components/responses/Internal" },
  502: { $ref: "#/components/responses/Upstream" },
  503: { $ref: "#/components/responses/Unavailable" },
  504: { $ref: "#/components/responses/Timeout" },
}
