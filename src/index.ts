export { defineConfig, env, file } from "./config/define.ts"
export type { KnownModel, ModelRef } from "./config/types/accounts.ts"
export type { SecretOptions } from "./config/types/face.ts"
export type { Duration, Money, Secret, Size } from "./config/types/values.ts"
export type {
  AuthConfig,
  CallerKeyConfig,
  Config,
  DeploymentConfig,
  GroupConfig,
  ProviderConfig,
  ProviderType,
  ServerConfig,
  TimeoutsConfig,
} from "./config/types.gen.ts"
