import { isAbsolute, resolve } from "node:path"
import { Secret } from "../core/secret.ts"
import { workerCount } from "../core/worker-count.ts"
import type {
  BreakerSettings,
  CallerKey,
  Cooldown,
  Retries,
  Settings,
  Timeouts,
} from "../core/settings.ts"
import { defaultOf, defaultsOf } from "./defaults.ts"
import type { Environment } from "./environment.ts"
import { normaliseGroup, normaliseRetries } from "./normalise-group.ts"
import { normaliseProvider } from "./normalise-provider.ts"
import type { ParsedCallerKey, ParsedConfig } from "./parsed.ts"
import { present } from "./present.ts"
import { MissingSecret, type SecretValue } from "./secret-value.ts"
import { settingsVersion } from "./version.ts"

export interface Origin {
  file: string | undefined
  files: readonly string[]
  /** Relative paths of the config are below it. */
  folder: string
  environment: Environment
}

/** A decoded and checked config with every default filled in. */
export function normalise(config: ParsedConfig, origin: Origin): Settings {
  const { environment, folder } = origin
  const server = { ...defaultsOf("server"), ...config.server }
  const groups = Object.entries(config.groups ?? {}).map(([name, group]) =>
    normaliseGroup(name, group),
  )
  const storage = config.storage ?? {}
  const settings: Omit<Settings, "version"> = {
    file: origin.file,
    files: origin.files,
    server: {
      host: environment.get("HOST") ?? config.server?.host,
      port: Number(environment.get("PORT") ?? server["port"]),
      cors: normaliseCors(config.server?.cors),
      drain: server["drain"] as number,
      keepAlive: server["keepAlive"] as number,
      compression: server["compression"] as boolean,
      headers: server["headers"] as boolean,
      workers: workerCount(server["workers"] as number | "auto"),
    },
    auth: normaliseAuth(config.auth),
    providers: Object.entries(config.providers ?? {}).map(([name, provider]) =>
      normaliseProvider(name, provider ?? {}, environment),
    ),
    groups,
    defaultGroup: config.defaultGroup ?? groups[0]?.name,
    unknownModel: config.unknownModel ?? (defaultOf("unknownModel") as Settings["unknownModel"]),
    exposeModels: config.exposeModels ?? (defaultOf("exposeModels") as boolean),
    timeouts: { ...defaultsOf("timeouts"), ...config.timeouts } as unknown as Timeouts,
    retries: {
      ...defaultsOf("retries"),
      ...normaliseRetries(config.retries),
    } as unknown as Retries,
    cooldown: { ...defaultsOf("cooldown"), ...config.cooldown } as unknown as Cooldown,
    breaker: { ...defaultsOf("breaker"), ...config.breaker } as unknown as BreakerSettings,
    limits: { ...defaultsOf("limits"), ...config.limits } as Settings["limits"],
    fetchMedia: config.fetchMedia ?? (defaultOf("fetchMedia") as Settings["fetchMedia"]),
    storage:
      storage === false
        ? false
        : {
            path: storagePath(storage.path, folder),
            keepAnswers: storage.keepAnswers ?? (defaultsOf("storage")["keepAnswers"] as number),
          },
    log: { ...defaultsOf("log"), ...config.log } as Settings["log"],
  }
  return { ...settings, version: settingsVersion(settings) }
}

function normaliseCors(
  cors: boolean | { origins?: (string | undefined)[] } | undefined,
): Settings["server"]["cors"] {
  if (!cors) return undefined
  return { origins: cors === true ? ["*"] : present(cors.origins) }
}

function normaliseAuth(auth: ParsedConfig["auth"]): Settings["auth"] {
  const keys = present(auth?.keys).map((entry): CallerKey | undefined => {
    const long: ParsedCallerKey = isSecretValue(entry) ? { key: entry } : entry
    if (!(long.key instanceof Secret)) return undefined
    return {
      id: long.name ?? `key-${long.key.fingerprint}`,
      key: long.key,
      groups: long.groups && present(long.groups),
      tags: present(long.tags),
      region: long.region,
    }
  })
  const { adminKey } = auth ?? {}
  return {
    required: (auth?.keys ?? []).length > 0,
    keys: present(keys),
    adminKey: adminKey instanceof Secret ? adminKey : undefined,
  }
}

function isSecretValue(value: unknown): value is SecretValue {
  return value instanceof Secret || value instanceof MissingSecret
}

function storagePath(path: string | undefined, folder: string): string {
  const given = path ?? (defaultsOf("storage")["path"] as string)
  return given === ":memory:" || isAbsolute(given) ? given : resolve(folder, given)
}
