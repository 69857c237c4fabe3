import type { ElysiaSwaggerConfig } from "@elysiajs/swagger"
import type { DocumentDecoration } from "elysia"

/** The parts of an OpenAPI document that do not come from routes. */
export type Documentation = NonNullable<ElysiaSwaggerConfig["documentation"]>

type DocumentComponents = NonNullable<Documentation["components"]>

export type SchemaOrRef = NonNullable<DocumentComponents["schemas"]>[string]
export type Responses = NonNullable<DocumentDecoration["responses"]>
export type ResponseOrRef = Responses[string]
export type RequestBody = Exclude<NonNullable<DocumentDecoration["requestBody"]>, { $ref: string }>
export type Content = RequestBody["content"]
export type Parameters = NonNullable<DocumentDecoration["parameters"]>
export type Security = NonNullable<DocumentDecoration["security"]>

/** What the OpenAPI page says about one route: the route's `detail`. */
export interface RouteDoc {
  operationId: string
  summary: string
  description: string
  tags: string[]
  security: Security
  responses: Responses
  requestBody?: RequestBody
  parameters?: Parameters
}

/** A request or answer to show, under a title. */
export interface Example<T = unknown> {
  summary: string
  value: T
}

export type Examples<T = unknown> = Readonly<Record<string, Example<T>>>
