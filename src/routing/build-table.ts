import { PLAIN_DEPLOYMENT, PLAIN_GROUP } from "../core/plain-settings.ts"
import type { Operation } from "../core/operation.ts"
import type { Protocol } from "../core/protocol.ts"
import { type ProviderAccount, type ProviderDefinition, worksWithoutKey } from "../core/provider.ts"
import type { Channel, Deployment, Group, Strategy } from "../core/routing.ts"
import type {
  DeclaredPrice,
  DeploymentSettings,
  GroupSettings,
  ProviderSettings,
  Settings,
} from "../core/settings.ts"
import type { StrategyFunction } from "../core/strategy-function.ts"
import type { Usage } from "../core/usage.ts"
import type { Health } from "./health.ts"
import { lacksOf } from "./lacks.ts"
import type { RouteTable } from "./resolve.ts"

/** Groups made for `provider/model` names that are kept; callers choose the names, so it is bounded. */
const DIRECT_LIMIT = 1000

export interface TableParts {
  settings: Settings
  providers: ReadonlyMap<string, ProviderDefinition>
  protocols: ReadonlyMap<string, Protocol>
  /** A strategy by its name or alias. */
  findStrategy: (name: string) => Strategy | undefined
  /** A strategy made of a group's own function; absent where a config has none. */
  fromFunction?: (decide: StrategyFunction, group: string) => Strategy
  health: Health
  /** The price function of a vendor's model, or by the config's own prices; nano-USD, null is unpriced. */
  cost: (
    vendor: string | undefined,
    model: string,
    declared: DeclaredPrice | undefined,
  ) => (usage: Usage) => number | null
  /** The context window of a vendor's model in tokens; undefined is not known. */
  window: (vendor: string | undefined, model: string) => number | undefined
}

/** Everything that requests are routed by, from checked settings. */
export function buildTable(parts: TableParts): RouteTable {
  const { settings, health } = parts
  const accounts = new Map(
    settings.providers.map((provider) => [provider.name, openProvider(parts, provider)]),
  )

  function deployment(model: DeploymentSettings, group: Partial<Settings["timeouts"]>): Deployment {
    const { provider, account, definition } = accounts.get(model.provider)!
    const id = `${provider.name}/${model.model}`
    // What was learned of one address says nothing of another.
    const place = Bun.hash(`${provider.baseUrl} ${provider.proxy}`).toString(36)
    const speaking = speech(parts, provider, definition, model.model)
    const { capabilities, price } = model
    const built: Deployment = {
      id,
      provider,
      account,
      ...speaking,
      model: model.model,
      weight: model.weight,
      tags: model.tags,
      region: model.region ?? provider.region,
      limits: model.limits,
      percent: model.percent,
      ...lacksOf(capabilities.needs, speaking.protocols("chat").map(speaking.capabilities)),
      window: capabilities.window ?? parts.window(definition.vendor, model.model),
      timeouts: { ...settings.timeouts, ...provider.timeouts, ...group, ...model.timeouts },
      cost: definition.free && !price ? () => 0 : parts.cost(definition.vendor, model.model, price),
      channels: [],
      health: health.deployment(`${id}@${place}`),
    }
    const keyless = worksWithoutKey(definition, provider.options) ? [undefined] : []
    const keys = provider.keys.length > 0 ? provider.keys : keyless
    const channels: Channel[] = keys.map((key) => {
      const channelId = `${id}#${key?.fingerprint ?? "-"}`
      const live = health.channel(`${channelId}@${place}`)
      return { id: channelId, deployment: built, key, health: live }
    })
    return Object.assign(built, { channels })
  }

  function group(own: GroupSettings, deployments: readonly Deployment[], direct = false): Group {
    const { name, strategy, timeouts, retries, models: _models, ...rest } = own
    const memories = new Map<string, unknown>()
    return {
      ...rest,
      name,
      strategy: strategyOf(strategy, name),
      deployments,
      channels: deployments.flatMap(({ channels }) => channels),
      retries: { ...settings.retries, ...retries },
      total: timeouts.total ?? settings.timeouts.total,
      memory<Memory>(strategy: Strategy<Memory>): Memory {
        // Callers choose the names of direct groups: what is kept of them goes with them.
        if (!direct) return health.memory(name, strategy)
        if (!memories.has(strategy.name)) memories.set(strategy.name, strategy.createMemory())
        return memories.get(strategy.name) as Memory
      },
    }
  }

  function strategyOf(strategy: GroupSettings["strategy"], group: string): Strategy {
    const found =
      typeof strategy === "string"
        ? parts.findStrategy(strategy)
        : parts.fromFunction?.(strategy, group)
    if (!found) throw new Error(`no strategy ${String(strategy)}`)
    return found
  }

  const groups = new Map(
    settings.groups.map((own) => [
      own.name,
      group(own, withoutStandIns(own.models.map((model) => deployment(model, own.timeouts)))),
    ]),
  )
  /** Made-up answers must not pass for real ones when a real provider is only out of order. */
  function withoutStandIns(deployments: readonly Deployment[]): readonly Deployment[] {
    const real = deployments.filter(
      ({ provider }) => !accounts.get(provider.name)!.definition.standIn,
    )
    return real.some(({ channels }) => channels.length > 0) ? real : deployments
  }

  /** What some group says of a deployment holds whoever asks for it. */
  function saidOf(id: string): Partial<DeploymentSettings> {
    for (const { models } of settings.groups) {
      const said = models.find(({ provider, model }) => `${provider}/${model}` === id)
      if (!said) continue
      const { tags, region, limits, capabilities, price } = said
      return { tags, region, limits, capabilities, price }
    }
    return {}
  }

  const directs = new Map<string, Group>()
  const configured = new Set(
    [...groups.values()].flatMap(({ channels }) => channels.map(({ id }) => id)),
  )

  function forgetOldest(): void {
    const [name, oldest] = directs.entries().next().value!
    directs.delete(name)
    health.forget(oldest.channels.filter(({ id }) => !configured.has(id)))
  }

  function direct(provider: string, model: string): Group | undefined {
    const account = accounts.get(provider)
    if (!account) return undefined
    const { models } = account.provider
    if (models.length > 0 && !models.includes(model)) return undefined
    const name = `${provider}/${model}`
    const known = directs.get(name)
    if (known) return known
    const single = deployment({ ...PLAIN_DEPLOYMENT, ...saidOf(name), provider, model }, {})
    const made = group({ ...PLAIN_GROUP, name }, [single], true)
    directs.set(name, made)
    if (directs.size > DIRECT_LIMIT) forgetOldest()
    return made
  }

  return {
    groups,
    defaultGroup:
      settings.defaultGroup === undefined ? undefined : groups.get(settings.defaultGroup),
    unknownModel: settings.unknownModel,
    direct,
    find(name) {
      const slash = name.indexOf("/")
      return groups.get(name) ?? direct(name.slice(0, Math.max(slash, 0)), name.slice(slash + 1))
    },
  }
}

function openProvider(
  { providers }: TableParts,
  provider: ProviderSettings,
): { provider: ProviderSettings; account: ProviderAccount; definition: ProviderDefinition } {
  const definition = providers.get(provider.type)!
  return { provider, definition, account: definition.open(provider) }
}

type Speech = Pick<Deployment, "protocols" | "capabilities" | "family">

/** How a model is spoken to. Looked up once for each protocol and operation, since requests ask for it. */
function speech(
  { protocols }: TableParts,
  provider: ProviderSettings,
  definition: ProviderDefinition,
  model: string,
): Speech {
  function spoken(operation: Operation): readonly string[] {
    const { protocols: chosen } = provider
    const known = definition.speaksFor?.(model, operation) ?? definition.speaks[operation] ?? []
    if (chosen.length === 0) return known
    if (operation === "chat") return chosen
    // That a server speaks a protocol does not say that it counts tokens in it.
    return operation === "count-tokens" ? known.filter((id) => chosen.includes(id)) : known
  }
  return {
    protocols: remembered((operation) =>
      spoken(operation)
        .map((id) => protocols.get(id))
        .filter((protocol) => protocol !== undefined),
    ),
    capabilities: remembered(({ id }) => definition.capabilities?.(model, id) ?? {}),
    family: ({ id }) => definition.family?.(model, id) ?? provider.name,
  }
}

function remembered<Key, Value>(look: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>()
  return (key) => {
    let value = known.get(key)
    if (value === undefined) {
      value = look(key)
      known.set(key, value)
    }
    return value
  }
}
