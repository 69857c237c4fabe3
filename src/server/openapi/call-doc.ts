import { CALL_ERRORS, CALLER } from "./content.ts"
import type { Example, RouteDoc } from "./document.ts"
import { STEERING } from "./steering.ts"

export type CallDoc = Pick<RouteDoc, "operationId" | "summary" | "description"> &
  Pick<RouteDoc, "parameters" | "requestBody"> & {
    tag: string
    answer: RouteDoc["responses"][string]
  }

/** The page's entry for a route that calls a model. */
export function call({ tag, answer, parameters = [], ...rest }: CallDoc): RouteDoc {
  return {
    ...rest,
    parameters: [...parameters, ...STEERING],
    tags: [tag],
    security: CALLER,
    responses: { 200: answer, ...CALL_ERRORS },
  }
}

/** An item or block with fields that its schema does not name. */
export function piece<T extends { type: string }>(fields: T): T {
  return fields
}

/** An example under its title. */
export function shown<T>(summary: string, value: T): Example<T> {
  return { summary, value }
}
