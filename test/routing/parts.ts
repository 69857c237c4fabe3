import type { Clock } from "../../src/core/clock.ts"
import { Secret } from "../../src/core/secret.ts"
import type {
  Channel,
  Deployment,
  Group,
  Need,
  RoutingRequest,
  Strategy,
} from "../../src/core/routing.ts"
import { PLAIN_GROUP, PLAIN_PROVIDER } from "../../src/core/plain-settings.ts"
import type {
  DeploymentLimits,
  ProviderSettings,
  Retries,
  Timeouts,
} from "../../src/core/settings.ts"
import type { Health, HealthRules } from "../../src/routing/health.ts"
import { createHealth } from "../../src/routing/health.ts"
import type { RouteTable } from "../../src/routing/resolve.ts"
import { strategies, type StrategyName } from "../../src/routing/strategies/index.ts"

/** A clock that only the test moves. */
export function testClock(): Clock & { advance(ms: number): void } {
  let now = 1_000_000
  return {
    now: () => now,
    wall: () => now,
    advance(ms) {
      now += ms
    },
  }
}

export const RULES: HealthRules = {
  cooldown: {
    network: 10_000,
    rateLimit: 60_000,
    server: 30_000,
    auth: 30_000,
    authMax: 600_000,
    missing: 300_000,
  },
  breaker: {
    failures: 5,
    rate: 0,
    window: 30_000,
    minimum: 20,
    recovery: 0,
    open: 30_000,
    maxOpen: 300_000,
  },
}

export const testHealth = (clock: Clock): Health => createHealth(clock, () => RULES)

export interface DeploymentOptions {
  weight?: number
  /** How many provider keys; 1 when not said. */
  keys?: number
  health?: Health
  tags?: string[]
  region?: string
  limits?: Partial<DeploymentLimits>
  percent?: number
  lacks?: Need[]
  window?: number
  cost?: Deployment["cost"]
}

const NO_TIMEOUTS: Timeouts = {
  connect: 0,
  firstByte: 0,
  firstContent: 0,
  stall: 0,
  response: 0,
  total: 0,
}

/** A request that asks for nothing special. */
export function request(options: Partial<RoutingRequest> = {}): RoutingRequest {
  return {
    operation: "chat",
    stream: false,
    bytes: 400,
    inputTokens: 100,
    maxTokens: undefined,
    needs: new Set(),
    tags: [],
    region: undefined,
    session: undefined,
    caller: null,
    ...options,
  }
}

/** A real deployment, as the table builder makes them, without a provider behind it. */
export function deployment(id: string, options: DeploymentOptions = {}): Deployment {
  const { weight = 1, keys = 1, health = testHealth(testClock()) } = options
  const [name = "", ...model] = id.split("/")
  const provider: ProviderSettings = {
    ...PLAIN_PROVIDER,
    name,
    type: "openai-compatible",
    baseUrl: "http://127.0.0.1:1/v1",
    missingKeys: keys === 0 ? ["env NOWHERE"] : [],
  }
  const built: Deployment = {
    id,
    provider,
    account: { url: () => "", authorize: () => ({}) },
    protocols: () => [],
    capabilities: () => ({}),
    family: () => "",
    model: model.join("/"),
    weight,
    tags: options.tags ?? [],
    region: options.region,
    limits: { rpm: undefined, tpm: undefined, parallel: undefined, ...options.limits },
    percent: options.percent,
    lacks: options.lacks ?? [],
    window: options.window,
    timeouts: NO_TIMEOUTS,
    cost: options.cost ?? (() => null),
    channels: [],
    health: health.deployment(id),
  }
  const channels: Channel[] = Array.from({ length: keys }, (_, index) => {
    const key = new Secret(`key-${id}-${index}`)
    const channelId = `${id}#${index}`
    return { id: channelId, deployment: built, key, health: health.channel(channelId) }
  })
  return Object.assign(built, { channels })
}

export function group(
  name: string,
  deployments: readonly Deployment[],
  options: Partial<Omit<Group, "strategy" | "retries">> & {
    strategy?: StrategyName | Strategy
    retries?: Partial<Retries>
  } = {},
): Group {
  const { strategy = "priority", retries, ...others } = options
  const { models: _models, timeouts: _timeouts, ...plain } = PLAIN_GROUP
  const memories = new Map<string, unknown>()
  return {
    ...plain,
    name,
    deployments,
    channels: deployments.flatMap(({ channels }) => channels),
    total: 0,
    memory<Memory>(asking: Strategy<Memory>): Memory {
      if (!memories.has(asking.name)) memories.set(asking.name, asking.createMemory())
      return memories.get(asking.name) as Memory
    },
    ...others,
    strategy: typeof strategy === "string" ? strategies[strategy] : strategy,
    retries: { attempts: 3, backoff: 250, maxBackoff: 5000, ...retries },
  }
}

export function table(groups: readonly Group[], options: Partial<RouteTable> = {}): RouteTable {
  const byName = new Map(groups.map((each) => [each.name, each]))
  return {
    groups: byName,
    find: (name) => byName.get(name),
    defaultGroup: groups[0],
    unknownModel: "error",
    direct: () => undefined,
    ...options,
  }
}
