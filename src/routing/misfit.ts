import { GatewayError } from "../core/error.ts"
import type { Group } from "../core/routing.ts"
import type { Opened } from "./prospects.ts"

/** The request needs what no deployment has. */
export function misfit(group: Group, opened: readonly Opened[], reasons: string): GatewayError {
  const request = opened[0]?.context.request
  const wishes = [
    ...(request?.needs ?? []),
    ...(request?.tags ?? []).map((tag) => `the tag ${tag}`),
    ...(request?.region === undefined ? [] : [`the region ${request.region}`]),
  ]
  const needs = wishes.length > 0 ? `, which needs ${wishes.join(", ")}` : ""
  return new GatewayError(
    "unsupported",
    `No deployment of \`${group.name}\` can take this request${needs}: ${reasons}.`,
    { code: "no_capable_deployment" },
  )
}

/** The request is longer than what any deployment takes. */
export function tooLong(group: Group, opened: readonly Opened[]): GatewayError {
  const windows = opened.flatMap(({ group }) => group.deployments).map(({ window }) => window ?? 0)
  const limit = Math.max(...windows)
  const given = opened[0]!.context.request.inputTokens
  return new GatewayError(
    "invalid-request",
    `This request has about ${given} tokens; the largest context window of \`${group.name}\` has ${limit}.`,
    { code: "context_length_exceeded", reason: "context-length", tokens: { given, limit } },
  )
}

/** What is asked for is nothing that any deployment does. */
export function unoffered(group: Group, opened: readonly Opened[], reasons: string): GatewayError {
  const { operation } = opened[0]!.context.request
  return new GatewayError(
    "unsupported",
    `No deployment of \`${group.name}\` offers ${operation}: ${reasons}.`,
    { code: "unsupported_operation", param: "model" },
  )
}
