import type { DeploymentConfig, KnownModels, ProviderType, ProviderTypes } from "../types.gen.ts"

/** Completes nothing in the editor and accepts what `T` accepts, beside literals that complete. */
export type Open<T> = T & Record<never, never>

/** Models that complete for a provider type. Any other name is fine too. */
export type KnownModel<Type> =
  | (Type extends keyof KnownModels ? KnownModels[Type] : never)
  | Open<string>

/** A deployment in a group: `"provider/model"`, or an object that says more. */
export type ModelRef = `${string}/${string}` | DeploymentConfig

/** What the groups have to know of a provider. */
interface Account {
  readonly type: ProviderType
  readonly models?: readonly string[]
}

/** Providers by their names. */
export type Accounts = Record<string, Account>

/** Every provider with the options of its own type; `models` and `type` are what is inferred. */
export type ProvidersOf<All extends Accounts> = {
  [Name in keyof All]: ProviderTypes[All[Name]["type"]] & {
    [Key in keyof All[Name] & keyof Account]?: All[Name][Key]
  }
}

type Listed<One extends Account> = One extends {
  readonly models: readonly (infer Model extends string)[]
}
  ? Model
  : never

type RefTo<Name extends string, One extends Account> = [Listed<One>] extends [never]
  ?
      | `${Name}/${Extract<KnownModels[One["type"] & keyof KnownModels], string>}`
      | Open<`${Name}/${string}`>
      | DeploymentConfig<Name, KnownModel<One["type"]>>
  : `${Name}/${Listed<One>}` | DeploymentConfig<Name, Listed<One>>

/** By provider: the deployments that a group may name. */
export type Refs<All extends Accounts> = {
  [Name in keyof All & string]: RefTo<Name, All[Name]>
}
