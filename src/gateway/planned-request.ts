import { GatewayError } from "../core/error.ts"
import { nearest } from "../core/nearest.ts"
import { OPERATIONS } from "../core/operation.ts"
import { type Need, NEEDS, type RoutingRequest } from "../core/routing.ts"
import { resolve } from "../routing/resolve.ts"
import type { Snapshot } from "./context.ts"
import { type Plan, type PlanContext, planOf } from "./plan.ts"
import { BYTES_PER_TOKEN } from "./body-tokens.ts"

/** Names that describe a request in a query, beside those of `NEEDS`. */
const NAMES = ["model", "operation", "tokens", "max-tokens", "tag", "region", "session"] as const

/** The plan of a request of which only some facts are said. @throws GatewayError */
export function planOfFacts(
  context: PlanContext,
  { table }: Pick<Snapshot, "table">,
  query: URLSearchParams,
): Promise<Plan> {
  const { model, request } = plannedRequest(query)
  return planOf(context, {
    table,
    resolution: resolve(table, model),
    request,
    refuses: ({ deployment }) =>
      deployment.protocols(request.operation).length > 0
        ? undefined
        : "does not offer this operation",
  })
}

/**
 * A request that nobody has made, from its facts: `model=fast&tools&tokens=12000&tag=eu`.
 *
 * @throws GatewayError `invalid-request`
 */
function plannedRequest(query: URLSearchParams): { model: string; request: RoutingRequest } {
  const known: readonly string[] = [...NAMES, ...NEEDS]
  for (const name of query.keys()) {
    if (known.includes(name)) continue
    const [near] = nearest(name, known)
    const hint = near ? `Did you mean \`${near}\`?` : `There is ${known.join(", ")}.`
    throw invalid(`\`${name.slice(0, 64)}\` is not known. ${hint}`, name.slice(0, 64))
  }
  const inputTokens = amount(query, "tokens") ?? 0
  const needs = new Set<Need>(NEEDS.filter((need) => isOn(query.get(need))))
  const operation = query.get("operation") ?? "chat"
  if (!isOneOf(OPERATIONS, operation)) {
    throw invalid(`\`operation\` is one of ${OPERATIONS.join(", ")}.`, "operation")
  }
  return {
    model: query.get("model") ?? "",
    request: {
      operation,
      stream: needs.has("streaming"),
      bytes: inputTokens * BYTES_PER_TOKEN,
      inputTokens,
      maxTokens: amount(query, "max-tokens"),
      needs,
      tags: query.getAll("tag"),
      region: query.get("region") ?? undefined,
      session: query.get("session") ?? undefined,
      caller: null,
    },
  }
}

function isOn(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0"
}

function isOneOf<T extends string>(list: readonly T[], value: string): value is T {
  return (list as readonly string[]).includes(value)
}

function amount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (/^\d{1,12}$/.test(text)) return Number(text)
  throw invalid(`\`${name}\` is a whole number of tokens.`, name)
}

function invalid(message: string, param: string): GatewayError {
  return new GatewayError("invalid-request", message, { param })
}
