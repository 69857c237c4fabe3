export { defineConfig, defineStrategy, env, file } from "./config/define.ts"
export type { KnownModel, ModelRef } from "./config/types/accounts.ts"
export type { SecretOptions } from "./config/types/face.ts"
export type { Duration, Money, Secret, Size, TextMatcher } from "./config/types/values.ts"
export type {
  AuthConfig,
  CallerKeyConfig,
  Config,
  DeploymentConfig,
  ErrorRuleConfig,
  GroupConfig,
  ProviderConfig,
  ProviderType,
  RequestTimeoutsConfig,
  ServerConfig,
  StrategyAlias,
  StrategyName,
  TimeoutsConfig,
} from "./config/types.gen.ts"
export type {
  StrategyFunction,
  StrategyFunctionCandidate,
  StrategyFunctionRequest,
  StrategyFunctionResult,
} from "./core/strategy-function.ts"
