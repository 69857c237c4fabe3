import type { StrategyFunction } from "../../core/strategy-function.ts"
import type { Config, GroupConfig } from "../types.gen.ts"
import type { Accounts, ProvidersOf, Refs } from "./accounts.ts"
import type { Secret } from "./values.ts"

type GroupsOf<Groups, Ref> = {
  [Name in keyof Groups]:
    | readonly Ref[]
    | GroupConfig<Ref, NoInfer<Exclude<keyof Groups & string, Name>>>
}

/**
 * Checks a config while you type it: provider types and their options, `"provider/model"` names,
 * strategies, groups, durations and sizes.
 */
export declare function defineConfig<const All extends Accounts, const Groups>(
  config: Config<
    ProvidersOf<All>,
    GroupsOf<Groups, Refs<All>[keyof All & string]>,
    NoInfer<keyof Groups & string>
  >,
): Config

/**
 * Types a routing strategy of your own: `strategy: defineStrategy(({ request, candidates }) => …)`. It
 * may use what the config's files import and define; what they opened at their top level, such as
 * timers and sockets, is closed when the config is loaded, and nothing can be imported later.
 */
export declare function defineStrategy(strategy: StrategyFunction): StrategyFunction

/** How a secret is looked up. */
export interface SecretOptions {
  /**
   * Whether it may be missing without a warning.
   * @default false
   */
  readonly optional?: boolean
}

/** A secret from an environment variable, `.env` or `.env.local`. */
export declare function env(name: string, options?: SecretOptions): Secret

/** A secret from a file, such as `/run/secrets/api-key`. A newline at its end is dropped. */
export declare function file(path: string, options?: SecretOptions): Secret
