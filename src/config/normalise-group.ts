import { NEEDS } from "../core/routing.ts"
import { PLAIN_DEPLOYMENT, PLAIN_GROUP } from "../core/plain-settings.ts"
import type {
  DeclaredCapabilities,
  DeclaredPrice,
  DeploymentSettings,
  GroupSettings,
  HedgeSettings,
  QueueSettings,
  Retries,
} from "../core/settings.ts"
import { parseDuration } from "../core/units.ts"
import { DEFAULT_STRATEGY, findStrategy } from "../routing/strategies/index.ts"
import { parseModelRef } from "./model-ref.ts"
import type { ParsedDeployment, ParsedGroup, ParsedModel, ParsedRetries } from "./parsed.ts"
import { present } from "./present.ts"
import { capabilityKey } from "./schema-deployment.ts"
import { MIRROR_PERCENT, QUEUE_TIMEOUT } from "./schema-group.ts"

/** One group with its defaults, in its long form. */
export function normaliseGroup(
  name: string,
  given: ParsedGroup | readonly (ParsedModel | undefined)[] | undefined,
): GroupSettings {
  const group = isList(given) ? { models: given } : (given ?? {})
  const { strategy = DEFAULT_STRATEGY, mirror } = group
  return {
    ...PLAIN_GROUP,
    name,
    strategy: typeof strategy === "string" ? (findStrategy(strategy)?.name ?? strategy) : strategy,
    models: present(group.models).map(normaliseModel),
    fallbacks: present(group.fallbacks),
    contextFallbacks: present(group.contextFallbacks),
    contentPolicyFallbacks: present(group.contentPolicyFallbacks),
    tagMatch: group.tagMatch ?? PLAIN_GROUP.tagMatch,
    queue: normaliseQueue(group.queue),
    hedge: normaliseHedge(group.hedge),
    continuation: group.continuation ?? PLAIN_GROUP.continuation,
    mirror:
      mirror?.group === undefined
        ? undefined
        : { group: mirror.group, percent: mirror.percent ?? MIRROR_PERCENT },
    timeouts: group.timeouts ?? {},
    retries: normaliseRetries(group.retries),
    strict: group.strict ?? PLAIN_GROUP.strict,
  }
}

/** Retries in their long form. */
export function normaliseRetries(retries: ParsedRetries | undefined): Partial<Retries> {
  return typeof retries === "number" ? { attempts: retries } : (retries ?? {})
}

function normaliseModel(model: ParsedModel): DeploymentSettings {
  const long: ParsedDeployment = typeof model === "string" ? (parseModelRef(model) ?? {}) : model
  const { rpm, tpm, parallel } = long.limits ?? {}
  return {
    ...PLAIN_DEPLOYMENT,
    provider: long.provider ?? "",
    model: long.model ?? "",
    weight: long.weight ?? PLAIN_DEPLOYMENT.weight,
    tags: present(long.tags),
    timeouts: long.timeouts ?? {},
    region: long.region,
    limits: { rpm, tpm, parallel },
    percent: long.percent,
    capabilities: normaliseCapabilities(long.capabilities),
    price: normalisePrice(long.price),
  }
}

function normaliseCapabilities(given: ParsedDeployment["capabilities"] = {}): DeclaredCapabilities {
  const needs = NEEDS.flatMap((need) => {
    const has = given[capabilityKey(need)]
    return typeof has === "boolean" ? [[need, has] as const] : []
  })
  return { needs: Object.fromEntries(needs), window: given.contextWindow }
}

function normalisePrice(price: ParsedDeployment["price"]): DeclaredPrice | undefined {
  if (!price) return undefined
  const { input = 0, output = 0, cacheRead, cacheWrite } = price
  return {
    input: nanoPerToken(input),
    output: nanoPerToken(output),
    cacheRead: cacheRead === undefined ? undefined : nanoPerToken(cacheRead),
    cacheWrite: cacheWrite === undefined ? undefined : nanoPerToken(cacheWrite),
  }
}

/** US dollars per million tokens as nano-USD per token, without the noise of binary fractions. */
function nanoPerToken(dollars: number): number {
  return Math.round(dollars * 1e9) / 1e6
}

function normaliseQueue(queue: ParsedGroup["queue"]): QueueSettings | undefined {
  const { max, timeout } = typeof queue === "number" ? { max: queue } : (queue ?? {})
  return max === undefined ? undefined : { max, timeout: timeout ?? parseDuration(QUEUE_TIMEOUT)! }
}

function normaliseHedge(hedge: ParsedGroup["hedge"]): HedgeSettings | undefined {
  if (hedge === undefined || hedge === false) return undefined
  if (hedge === true) return { delay: "p95" }
  return { delay: (typeof hedge === "object" ? hedge.delay : hedge) ?? "p95" }
}

function isList(
  given: ParsedGroup | readonly (ParsedModel | undefined)[] | undefined,
): given is readonly (ParsedModel | undefined)[] {
  return Array.isArray(given)
}
