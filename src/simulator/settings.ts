import { defaultsOf } from "../config/defaults.ts"
import { PLAIN_DEPLOYMENT, PLAIN_GROUP, PLAIN_PROVIDER } from "../core/plain-settings.ts"
import type { ProviderDefinition } from "../core/provider.ts"
import { Secret } from "../core/secret.ts"
import type { DeploymentSettings, GroupSettings, Settings } from "../core/settings.ts"
import type { Scenario, UpstreamSpec } from "./scenario.ts"
import { msOf } from "./time.ts"

/** The group that a scenario's requests ask for, and the one that it falls back to. */
export const MAIN = "main"
const BACKUP = "backup"

/** The config that a router in a scenario would have. @throws Error when the scenario contradicts itself */
export function settingsOf(scenario: Scenario, strategy: GroupSettings["strategy"]): Settings {
  const ids = Object.keys(scenario.upstreams)
  const backups = scenario.fallbacks ?? []
  for (const id of backups) if (!ids.includes(id)) throw new Error(`there is no upstream \`${id}\``)
  const models = (wanted: readonly string[]) =>
    wanted.map((id) => deploymentSettings(id, scenario.upstreams[id]!))
  const own = ids.filter((id) => !backups.includes(id))
  if (own.length === 0) throw new Error("all upstreams are fallbacks")
  const groups: GroupSettings[] = [
    {
      ...PLAIN_GROUP,
      name: MAIN,
      strategy,
      models: models(own),
      fallbacks: backups.length > 0 ? [BACKUP] : [],
    },
  ]
  if (backups.length > 0) {
    groups.push({ ...PLAIN_GROUP, name: BACKUP, strategy, models: models(backups) })
  }
  return {
    file: undefined,
    files: [],
    version: "",
    server: {
      host: undefined,
      port: 0,
      cors: undefined,
      drain: 0,
      keepAlive: 0,
      workers: 1,
      compression: false,
      headers: false,
    },
    auth: { required: false, keys: [], adminKey: undefined },
    providers: providersOf(scenario),
    groups,
    defaultGroup: MAIN,
    unknownModel: "error",
    exposeModels: true,
    timeouts: overridden("timeouts", scenario),
    retries: overridden("retries", scenario),
    cooldown: overridden("cooldown", scenario),
    breaker: overridden("breaker", scenario),
    limits: { body: 0, response: 0, media: 0 },
    fetchMedia: false,
    storage: false,
    log: { level: "silent", format: "json" },
  }
}

type Overridable = "timeouts" | "retries" | "cooldown" | "breaker"

/** The config's defaults with what the scenario says. */
function overridden<Part extends Overridable>(part: Part, scenario: Scenario): Settings[Part] {
  const values = defaultsOf(part)
  for (const [name, value] of Object.entries<string | number>(scenario.settings?.[part] ?? {})) {
    if (!(name in values)) throw new Error(`\`settings.${part}\` has no \`${name}\``)
    values[name] = msOf(value)
  }
  return values as unknown as Settings[Part]
}

const providerOf = (id: string) => id.slice(0, id.indexOf("/"))

function providersOf({ upstreams }: Scenario): Settings["providers"] {
  const keys = new Map<string, number>()
  for (const [id, { keys: count = 1 }] of Object.entries(upstreams)) {
    const name = providerOf(id)
    keys.set(name, Math.max(count, keys.get(name) ?? 0))
  }
  return [...keys].map(([name, count]) => ({
    ...PLAIN_PROVIDER,
    name,
    type: name,
    keys: Array.from({ length: count }, (_, n) => new Secret(`${name}-${n}`, "simulator")),
  }))
}

function deploymentSettings(id: string, spec: UpstreamSpec): DeploymentSettings {
  const { weight = 1, tags = [], limits, window } = spec
  return {
    ...PLAIN_DEPLOYMENT,
    provider: providerOf(id),
    model: id.slice(providerOf(id).length + 1),
    weight,
    tags,
    limits: { ...PLAIN_DEPLOYMENT.limits, ...limits },
    capabilities: { ...PLAIN_DEPLOYMENT.capabilities, window },
    price: priceOf(spec),
  }
}

/** USD per million tokens, as nano-USD per token. */
export function priceOf({ price }: UpstreamSpec): NonNullable<DeploymentSettings["price"]> {
  const nano = (usd: number | undefined) => (usd === undefined ? undefined : usd * 1000)
  return {
    input: price.input * 1000,
    output: price.output * 1000,
    cacheRead: nano(price.cacheRead),
    cacheWrite: nano(price.cacheWrite),
  }
}

/** A provider type that is never called: the simulator answers for it. */
export function virtualProvider(type: string): ProviderDefinition {
  return {
    type,
    description: "A virtual upstream",
    speaks: {},
    keyless: false,
    env: [],
    vendor: type,
    open: () => ({ url: () => "", authorize: () => ({}) }),
  }
}
