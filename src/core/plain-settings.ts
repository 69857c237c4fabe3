import type { DeploymentSettings, GroupSettings, ProviderSettings } from "./settings.ts"

/** A provider of which nothing is said. */
export const PLAIN_PROVIDER: Omit<ProviderSettings, "name" | "type"> = {
  baseUrl: undefined,
  keys: [],
  missingKeys: [],
  models: [],
  headers: {},
  extraBody: {},
  passHeaders: [],
  protocols: [],
  proxy: undefined,
  timeouts: {},
  region: undefined,
  budget: undefined,
  errors: [],
  errorMatchers: [],
  probe: "free",
  options: {},
}

/** A deployment of which nothing is said. */
export const PLAIN_DEPLOYMENT: Omit<DeploymentSettings, "provider" | "model"> = {
  weight: 1,
  tags: [],
  timeouts: {},
  region: undefined,
  limits: { rpm: undefined, tpm: undefined, parallel: undefined },
  percent: undefined,
  capabilities: { needs: {}, window: undefined },
  price: undefined,
}

/** A group of which nothing is said. */
export const PLAIN_GROUP: Omit<GroupSettings, "name"> = {
  strategy: "priority",
  models: [],
  fallbacks: [],
  contextFallbacks: [],
  contentPolicyFallbacks: [],
  tagMatch: "strict",
  queue: undefined,
  hedge: undefined,
  continuation: false,
  mirror: undefined,
  timeouts: {},
  retries: {},
  strict: false,
}
