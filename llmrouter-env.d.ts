// Types of llmrouter.config.ts with nothing to install. `llmrouter init` writes this file.
declare module "llmrouter" {
  type GroupsOf<Groups, Ref> = {
    [Name in keyof Groups]:
      | readonly Ref[]
      | GroupConfig<Ref, NoInfer<Exclude<keyof Groups & string, Name>>>
  }

  /**
   * Checks a config while you type it: provider types and their options, `"provider/model"` names,
   * strategies, groups, durations and sizes.
   */
  function defineConfig<const All extends Accounts, const Groups>(
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
  function defineStrategy(strategy: StrategyFunction): StrategyFunction

  /** How a secret is looked up. */
  interface SecretOptions {
    /**
     * Whether it may be missing without a warning.
     * @default false
     */
    readonly optional?: boolean
  }

  /** A secret from an environment variable, `.env` or `.env.local`. */
  function env(name: string, options?: SecretOptions): Secret

  /** A secret from a file, such as `/run/secrets/api-key`. A newline at its end is dropped. */
  function file(path: string, options?: SecretOptions): Secret

  /** Completes nothing in the editor and accepts what `T` accepts, beside literals that complete. */
  type Open<T> = T & Record<never, never>

  /** Models that complete for a provider type. Any other name is fine too. */
  type KnownModel<Type> =
    | (Type extends keyof KnownModels ? KnownModels[Type] : never)
    | Open<string>

  /** A deployment in a group: `"provider/model"`, or an object that says more. */
  type ModelRef = `${string}/${string}` | DeploymentConfig

  /** What the groups have to know of a provider. */
  interface Account {
    readonly type: ProviderType
    readonly models?: readonly string[]
  }

  /** Providers by their names. */
  type Accounts = Record<string, Account>

  /** Every provider with the options of its own type; `models` and `type` are what is inferred. */
  type ProvidersOf<All extends Accounts> = {
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
  type Refs<All extends Accounts> = {
    [Name in keyof All & string]: RefTo<Name, All[Name]>
  }

  /** Milliseconds, or a number with its unit: `"250ms"`, `"60s"`, `"5m"`, `"1h"`, `"1d"`. */
  type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`

  /** Bytes, or a number with its unit: `"512b"`, `"64kb"`, `"32mb"`, `"1gb"`, by 1,024. */
  type Size = number | `${number}${"b" | "kb" | "mb" | "gb"}`

  /** US dollars, at once or in a window: `"$5"`, `"$0.50/day"`, `"$20/month"`. */
  type Money = `$${number}${"" | `/${"hour" | "day" | "week" | "month"}`}`

  /** Whether a text, the beginning of an answer with status 200, is an error. */
  type TextMatcher = (text: string) => boolean

  /** A secret from `env` or `file`. It never prints. */
  interface Secret {
    toString(): "[secret]"
  }

  /** What a strategy function in the config is told of a request. */
  interface StrategyFunctionRequest {
    readonly operation: string
    readonly stream: boolean
    /** Tokens of the input, guessed from its size. */
    readonly inputTokens: number
    /** The caller's own output limit. */
    readonly maxTokens: number | undefined
    readonly tags: readonly string[]
    readonly region: string | undefined
    /** What its conversation is known by, hashed. */
    readonly session: string | undefined
    /** Name of the caller's key. */
    readonly caller: string | null
  }

  /** One channel that could be used now. */
  interface StrategyFunctionCandidate {
    /** `provider/model#fingerprint` */
    readonly id: string
    readonly provider: string
    readonly model: string
    readonly weight: number
    readonly tags: readonly string[]
    readonly region: string | undefined
    readonly inFlight: number
    /** Milliseconds to the first content, decayed mean; undefined while unknown. */
    readonly ttft: number | undefined
    /** Share of attempts that went well, decayed; 1 while unknown. */
    readonly success: number
    /** Expected US dollars of this request; undefined when unpriced. */
    readonly cost: number | undefined
  }

  /**
   * A strategy of the user's own: puts candidates in order, best first, as candidates or their ids. What
   * it leaves out comes last. It may be async and has 50 ms; when it throws, takes longer or returns
   * nonsense, the candidates stay in config order and a warning is logged.
   */
  type StrategyFunction = (input: {
    readonly request: StrategyFunctionRequest
    readonly candidates: readonly StrategyFunctionCandidate[]
  }) => StrategyFunctionResult | Promise<StrategyFunctionResult>

  /** Candidates or their ids, best first; one alone is the best; undefined keeps the config order. */
  type StrategyFunctionResult =
    | readonly (StrategyFunctionCandidate | string)[]
    | StrategyFunctionCandidate
    | string
    | undefined

  interface DeploymentLimitsConfig {
    /** Requests a minute. */
    rpm?: number
    /** Tokens a minute, input and output together. */
    tpm?: number
    /** Requests at the same time. */
    parallel?: number
  }

  interface CapabilitiesConfig {
    /** Tools. */
    tools?: boolean
    /** More than one tool call in an answer. */
    parallelTools?: boolean
    /** Images in the input. */
    vision?: boolean
    /** Audio in the input or the output. */
    audio?: boolean
    /** Documents in the input, such as PDF. */
    documents?: boolean
    /** Video in the input. */
    video?: boolean
    /** Answers by a JSON Schema. */
    jsonSchema?: boolean
    /** Reasoning. */
    reasoning?: boolean
    /** Streamed answers. */
    streaming?: boolean
    /** Tokens of input and output together. */
    contextWindow?: number
  }

  interface PriceConfig {
    /** Of input tokens. */
    input: number
    /** Of output tokens. */
    output: number
    /** Of input tokens that come from the prompt cache. */
    cacheRead?: number
    /** Of input tokens that are written to the prompt cache. */
    cacheWrite?: number
  }

  interface TimeoutsConfig {
    /**
     * Longest time to reach the upstream's host.
     * @default "5s"
     */
    connect?: Duration
    /**
     * Longest time to the first byte of a streamed answer.
     * @default "60s"
     */
    firstByte?: Duration
    /**
     * Longest time to the first event of a streamed answer that carries content; `0s` is no limit.
     * @default "5m"
     */
    firstContent?: Duration
    /**
     * Longest silence between two events that carry content. Keepalives do not count.
     * @default "5m"
     */
    stall?: Duration
    /**
     * Longest time to the headers of an answer that does not stream.
     * @default "15m"
     */
    response?: Duration
  }

  interface DeploymentConfig<Provider extends string = string, Model extends string = string> {
    /** Name of a provider in this config. */
    provider: Provider
    /** The provider's own name of the model. */
    model: Model
    /**
     * Share of the traffic, for the strategies that use it.
     * @default 1
     */
    weight?: number
    /**
     * Words to route by and to report by. `default` is for requests without tags.
     * @default []
     */
    tags?: readonly string[]
    /**
     * Where it runs, such as `eu` or `us-east-1`.
     * @default the provider's
     */
    region?: string
    /** What it takes, over all of its keys; more is sent elsewhere. */
    limits?: DeploymentLimitsConfig
    /** Percentage of the group's traffic that it gets for a trial, whatever the strategy says. */
    percent?: number
    /** What the model can do and cannot; what is not said is as it is known of the model. */
    capabilities?: CapabilitiesConfig
    /** US dollars per million tokens, instead of the published price. */
    price?: PriceConfig
    /** Time limits of this deployment. */
    timeouts?: TimeoutsConfig
  }

  interface QueueConfig {
    /** Requests that may wait at the same time. */
    max: number
    /**
     * Longest time that each may wait.
     * @default "30s"
     */
    timeout?: Duration
  }

  interface HedgeConfig {
    /** Time without content after which it begins, or `p95` of the deployment's own. */
    delay: "p95" | Duration
  }

  interface MirrorConfig<Group extends string = string> {
    /** Name of the group that gets the copies. */
    group: Group
    /**
     * Percentage of the requests that are copied.
     * @default 100
     */
    percent?: number
  }

  interface RequestTimeoutsConfig {
    /**
     * Longest time to reach the upstream's host.
     * @default "5s"
     */
    connect?: Duration
    /**
     * Longest time to the first byte of a streamed answer.
     * @default "60s"
     */
    firstByte?: Duration
    /**
     * Longest time to the first event of a streamed answer that carries content; `0s` is no limit.
     * @default "5m"
     */
    firstContent?: Duration
    /**
     * Longest silence between two events that carry content. Keepalives do not count.
     * @default "5m"
     */
    stall?: Duration
    /**
     * Longest time to the headers of an answer that does not stream.
     * @default "15m"
     */
    response?: Duration
    /**
     * Longest time until an answer begins, over all attempts; `0s` is no limit.
     * @default "0s"
     */
    total?: Duration
  }

  interface RetriesConfig {
    /**
     * Attempts beyond the first. A healthy channel that was not tried yet is tried all the same.
     * @default 3
     */
    attempts?: number
    /**
     * Pause before the same deployment is tried again; doubles each time, with full jitter.
     * @default "250ms"
     */
    backoff?: Duration
    /**
     * Longest such pause.
     * @default "5s"
     */
    maxBackoff?: Duration
  }

  interface GroupConfig<Ref = ModelRef, Group extends string = string> {
    /**
     * How a deployment is chosen: by a strategy's name, or by a function that puts the candidates in order.
     * @default "priority"
     */
    strategy?: StrategyName | Open<StrategyAlias> | StrategyFunction
    /** Deployments: `provider/model`, or an object with more. */
    models: readonly Ref[]
    /**
     * Groups that are tried when this one has failed.
     * @default []
     */
    fallbacks?: readonly Group[]
    /**
     * Groups that are tried when a request is too long for this one.
     * @default []
     */
    contextFallbacks?: readonly Group[]
    /**
     * Groups that are tried when this one refuses what a request says.
     * @default []
     */
    contentPolicyFallbacks?: readonly Group[]
    /**
     * Whether a deployment has to have a request's tags (`strict`), or is only better with them (`preferred`).
     * @default "strict"
     */
    tagMatch?: "strict" | "preferred"
    /**
     * Lets requests wait while no channel can take them, instead of 429: how many, or the details.
     * @default none waits
     */
    queue?: number | QueueConfig
    /**
     * Begins a second attempt when the first one gives nothing for some time; the first content wins. Both are paid. `true` is `p95`.
     * @default false
     */
    hedge?: boolean | "p95" | Duration | HedgeConfig
    /**
     * Lets the next upstream go on from the text so far when a text stream dies; the answer says so.
     * @default false
     */
    continuation?: boolean
    /** Sends copies of requests to another group; their answers are dropped. They cost what they cost. */
    mirror?: MirrorConfig<Group>
    /** Time limits of this group. */
    timeouts?: RequestTimeoutsConfig
    /**
     * Attempts beyond the first, or their details.
     * @default 3
     */
    retries?: number | RetriesConfig
    /**
     * Refuse a request with 400 when the chosen provider cannot do all that it asks for, instead of leaving parts out with a warning.
     * @default false
     */
    strict?: boolean
  }

  interface CorsConfig {
    /** Allowed origins, such as `https://chat.example.com`, or `"*"`. */
    origins: readonly string[]
  }

  interface ServerConfig {
    /**
     * Address to listen on. `HOST` and `--host` win.
     * @default `127.0.0.1` without caller keys, else `0.0.0.0`
     */
    host?: string
    /**
     * Port to listen on. `PORT` and `--port` win; 0 takes any free one.
     * @default 8080
     */
    port?: number
    /**
     * Whether browsers on other origins may call: all, none, or a list.
     * @default false
     */
    cors?: boolean | CorsConfig
    /**
     * How long streams in flight may take to finish after SIGTERM.
     * @default "30s"
     */
    drain?: Duration
    /**
     * Silence after which a stream's caller gets a keepalive; `0s` is never. The first one commits the status 200.
     * @default "15s"
     */
    keepAlive?: Duration
    /**
     * Whether answers that do not stream are compressed.
     * @default true
     */
    compression?: boolean
    /**
     * Whether answers carry `x-llmrouter-*` headers.
     * @default true
     */
    headers?: boolean
    /**
     * Processes that share the port, each on a core of its own; `auto` is one for each core. `--workers` wins.
     * @default 1
     */
    workers?: number | "auto"
  }

  interface CallerKeyConfig<Group extends string = string> {
    /** The key that callers send. */
    key: Secret | string
    /** Shown in logs and in the usage table instead of the key. */
    name: string
    /**
     * Groups that this key may use.
     * @default every group and `provider/model`
     */
    groups?: readonly Group[]
    /**
     * Tags that every request with this key has, beside its own.
     * @default []
     */
    tags?: readonly string[]
    /**
     * Region that every request with this key stays in.
     * @default anywhere
     */
    region?: string
  }

  interface AuthConfig<Group extends string = string> {
    /**
     * Keys that callers must send. Without a list, only this machine is served, and no web page of another.
     * @default []
     */
    keys?: readonly (Secret | string | CallerKeyConfig<Group>)[]
    /** Key of the admin API. Never a caller's key. */
    adminKey?: Secret | string
  }

  interface CooldownConfig {
    /**
     * After a connection error or a timeout.
     * @default "10s"
     */
    network?: Duration
    /**
     * After 429 without `Retry-After`.
     * @default "60s"
     */
    rateLimit?: Duration
    /**
     * After 5xx or an answer that makes no sense.
     * @default "30s"
     */
    server?: Duration
    /**
     * After 401 or 403: the first pause, which doubles until a probe succeeds.
     * @default "30s"
     */
    auth?: Duration
    /**
     * Longest pause between probes of a rejected key.
     * @default "10m"
     */
    authMax?: Duration
    /**
     * After 404 of the model.
     * @default "5m"
     */
    missing?: Duration
  }

  interface BreakerConfig {
    /**
     * Consecutive failures that open it; 0 does not count them.
     * @default 5
     */
    failures?: number
    /**
     * Share of failures in `window` that opens it; 0 does not count it.
     * @default 0.5
     */
    rate?: number
    /**
     * How far back `rate` looks.
     * @default "30s"
     */
    window?: Duration
    /**
     * Attempts in the window before `rate` counts.
     * @default 20
     */
    minimum?: number
    /**
     * How long a recovered deployment's share of the traffic takes to grow back.
     * @default "30s"
     */
    recovery?: Duration
    /**
     * How long it stays open before one probe; doubles each time.
     * @default "30s"
     */
    open?: Duration
    /**
     * Longest time that it stays open.
     * @default "5m"
     */
    maxOpen?: Duration
  }

  interface LimitsConfig {
    /**
     * Largest request body.
     * @default "64mb"
     */
    body?: Size
    /**
     * Largest answer that is held in memory, as the text of a translated stream is, too.
     * @default "128mb"
     */
    response?: Size
    /**
     * Largest image or document that is fetched for an upstream.
     * @default "20mb"
     */
    media?: Size
  }

  interface StorageConfig {
    /**
     * SQLite file, relative to the config file.
     * @default ".llmrouter/llmrouter.db"
     */
    path?: string
    /**
     * How long answers are kept for `previous_response_id` and the like; `0s` keeps none.
     * @default "30d"
     */
    keepAnswers?: Duration
  }

  interface LogConfig {
    /**
     * Least important line that is written.
     * @default "info"
     */
    level?: "debug" | "info" | "warn" | "error" | "silent"
    /**
     * `auto` is pretty on a terminal, else JSON.
     * @default "auto"
     */
    format?: "auto" | "pretty" | "json"
  }

  interface Config<Providers = Record<string, ProviderConfig>, Groups = Record<string, readonly ModelRef[] | GroupConfig>, Group extends string = string> {
    /** Where the JSON Schema is, for editors of JSON and YAML configs. */
    $schema?: string
    /** Accounts at LLM vendors, by the name that groups use. */
    providers: Providers
    /**
     * The model names that callers use: a list is tried in order, an object says more.
     * @default {}
     */
    groups?: Groups
    /**
     * The group for requests without a model, or with `"auto"`.
     * @default the first group
     */
    defaultGroup?: Group
    /**
     * What a model name that does not exist gets.
     * @default "error"
     */
    unknownModel?: "error" | "default"
    /**
     * Whether `/v1/models` also lists `provider/model` names.
     * @default false
     */
    exposeModels?: boolean
    /** The listener. */
    server?: ServerConfig
    /** Who may call. */
    auth?: AuthConfig<Group>
    /** Time limits of requests and their attempts. */
    timeouts?: RequestTimeoutsConfig
    /**
     * Attempts beyond the first, or their details.
     * @default 3
     */
    retries?: number | RetriesConfig
    /** How long a channel rests, by what went wrong. */
    cooldown?: CooldownConfig
    /** The circuit breaker of each deployment. */
    breaker?: BreakerConfig
    /** Sizes that are refused. */
    limits?: LimitsConfig
    /**
     * Where images and documents may be fetched from, for upstreams that take no URLs.
     * @default "public"
     */
    fetchMedia?: "public" | "any" | false
    /**
     * Where usage and answers are kept.
     * @default { path: ".llmrouter/llmrouter.db" }
     */
    storage?: false | StorageConfig
    /** The log. */
    log?: LogConfig
  }

  interface ErrorRuleConfig {
    /** HTTP statuses: one of them is the answer's. */
    status?: number | readonly number[]
    /** Found in the error's body or message: a regular expression, or text in any case. In JSON and YAML `/…/i` is one. */
    body?: RegExp | string
    /** Whether something had reached the caller. */
    phase?: "before" | "after"
    /** What is tried next. */
    then?: "fail" | "next-key" | "next-deployment" | "retry"
    /** Whether the breaker counts it. */
    breaker?: boolean
    /** How long the channel rests; `0s` is not at all. */
    cooldown?: Duration
  }

  interface ProviderOptions<Type> {
    /**
     * Provider keys: `env("X")`, `file("/run/secrets/x")` or a string.
     * @default the type's well-known environment variable
     */
    keys?: readonly (Secret | string)[]
    /** Models that this provider serves. With a list, groups can name no other; without one, any. */
    models?: readonly KnownModel<Type>[]
    /**
     * Headers added to every request to this provider.
     * @default {}
     */
    headers?: Record<string, Secret | string>
    /**
     * Fields added to every JSON body for this provider; they win over the caller's.
     * @default {}
     */
    extraBody?: Record<string, unknown>
    /**
     * Names of the caller's headers that are sent on to this provider.
     * @default []
     */
    passHeaders?: readonly string[]
    /**
     * Protocols in which this provider is spoken to, preferred first, instead of those that the router knows of it.
     * @default what the type is known to speak
     */
    protocols?: readonly ("openai-chat" | "openai-responses" | "anthropic-messages" | "gemini" | "bedrock-converse" | "cohere" | "ollama")[]
    /**
     * URL of an outbound HTTP proxy, such as `http://user:password@host:3128`.
     * @default `HTTPS_PROXY` or `HTTP_PROXY`
     */
    proxy?: string
    /** Time limits of this provider. */
    timeouts?: TimeoutsConfig
    /**
     * Where its models run, such as `eu` or `us-east-1`, for requests that stay there.
     * @default what the type's own options say
     */
    region?: string
    /** What may be spent here, in all or in each hour, day, week or month (UTC). After that it is skipped. Requests without a known price do not count. */
    budget?: Money
    /**
     * What its errors lead to, where they mean something of their own. The first that fits decides; what it does not say stays as it is.
     * @default []
     */
    errors?: readonly ErrorRuleConfig[]
    /**
     * Finds errors in the first kilobytes of answers with status 200: regular expressions, texts in any case, or functions. In JSON and YAML `/…/i` is a regular expression.
     * @default []
     */
    errorMatchers?: readonly (RegExp | string | TextMatcher)[]
    /**
     * How a key that was rejected is tried again: by a free request, by a small paid one, or only by real ones.
     * @default "free"
     */
    probe?: "free" | "paid" | "none"
  }

  interface OpenaiProvider extends ProviderOptions<"openai"> {
    /** OpenAI */
    type: "openai"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.openai.com/v1"
     */
    baseUrl?: string
    /** Sent as `OpenAI-Organization`. */
    organization?: string
    /** Sent as `OpenAI-Project`. */
    project?: string
  }

  interface AnthropicProvider extends ProviderOptions<"anthropic"> {
    /** Anthropic, and servers that speak its Messages API */
    type: "anthropic"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.anthropic.com"
     */
    baseUrl?: string
  }

  interface GeminiProvider extends ProviderOptions<"gemini"> {
    /** Google Gemini */
    type: "gemini"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://generativelanguage.googleapis.com/v1beta"
     */
    baseUrl?: string
  }

  interface VertexProvider extends ProviderOptions<"vertex"> {
    /** Google Cloud Vertex AI: Gemini, Claude and open models. A key is a credentials file's text, its path, or an API key; without one, the application default credentials are used */
    type: "vertex"
    /** Base URL, up to and including the version: `https://host/v1`. */
    baseUrl?: string
    /** Google Cloud project; without it, the one that the credentials name. */
    project?: string
    /** Region such as `us-central1`, `us`, `eu`; without it, `global`. */
    location?: string
    /** Endpoint for access tokens, where it is not Google's own. */
    tokenUrl?: string
  }

  interface BedrockProvider extends ProviderOptions<"bedrock"> {
    /** Amazon Bedrock: Claude, Nova, Llama, Mistral and others */
    type: "bedrock"
    /** Base URL, up to and including the version: `https://host/v1`. */
    baseUrl?: string
    /** AWS region; without it, `AWS_REGION` or `AWS_DEFAULT_REGION`, else `us-east-1`. */
    region?: string
    /** Names of further Anthropic betas that callers may use, separated by commas. */
    betas?: string
  }

  interface AzureProvider extends ProviderOptions<"azure"> {
    /** Azure OpenAI; needs `resource` or `baseUrl` */
    type: "azure"
    /** Base URL, up to and including the version: `https://host/v1`. */
    baseUrl?: string
    /** Name of the Azure resource: `https://<resource>.openai.azure.com`. */
    resource?: string
    /** A dated API version such as `2024-10-21`; none is the v1 API. */
    apiVersion?: string
    /** Microsoft Entra tenant; with it, the keys are secrets of the client `clientId` and no API keys. */
    tenantId?: string
    /** Client id of the app registration, or of a user-assigned managed identity. */
    clientId?: string
    /** `managed` for the identity that Azure gives to this machine or app, `workload` for the one whose token is in AZURE_FEDERATED_TOKEN_FILE. No keys are needed then. */
    identity?: string
    /** Host of Microsoft Entra, where it is not `https://login.microsoftonline.com`. */
    authority?: string
    /** What tokens are for, where it is not `https://cognitiveservices.azure.com/.default`. */
    scope?: string
  }

  interface OpenaiCompatibleProvider extends ProviderOptions<"openai-compatible"> {
    /** Any server that speaks the OpenAI API; needs `baseUrl` */
    type: "openai-compatible"
    /** Base URL, up to and including the version: `https://host/v1`. */
    baseUrl: string
  }

  interface DeepseekProvider extends ProviderOptions<"deepseek"> {
    /** DeepSeek */
    type: "deepseek"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.deepseek.com/v1"
     */
    baseUrl?: string
  }

  interface OpenrouterProvider extends ProviderOptions<"openrouter"> {
    /** OpenRouter */
    type: "openrouter"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://openrouter.ai/api/v1"
     */
    baseUrl?: string
  }

  interface GroqProvider extends ProviderOptions<"groq"> {
    /** Groq */
    type: "groq"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.groq.com/openai/v1"
     */
    baseUrl?: string
  }

  interface MistralProvider extends ProviderOptions<"mistral"> {
    /** Mistral */
    type: "mistral"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.mistral.ai/v1"
     */
    baseUrl?: string
  }

  interface XaiProvider extends ProviderOptions<"xai"> {
    /** xAI */
    type: "xai"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.x.ai/v1"
     */
    baseUrl?: string
  }

  interface TogetherProvider extends ProviderOptions<"together"> {
    /** Together AI */
    type: "together"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.together.xyz/v1"
     */
    baseUrl?: string
  }

  interface FireworksProvider extends ProviderOptions<"fireworks"> {
    /** Fireworks AI */
    type: "fireworks"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.fireworks.ai/inference/v1"
     */
    baseUrl?: string
  }

  interface PerplexityProvider extends ProviderOptions<"perplexity"> {
    /** Perplexity */
    type: "perplexity"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.perplexity.ai"
     */
    baseUrl?: string
  }

  interface MoonshotProvider extends ProviderOptions<"moonshot"> {
    /** Moonshot AI (Kimi) */
    type: "moonshot"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.moonshot.ai/v1"
     */
    baseUrl?: string
  }

  interface ZaiProvider extends ProviderOptions<"zai"> {
    /** Z.ai (GLM) */
    type: "zai"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.z.ai/api/paas/v4"
     */
    baseUrl?: string
  }

  interface AlibabaProvider extends ProviderOptions<"alibaba"> {
    /** Alibaba Cloud Model Studio (Qwen) */
    type: "alibaba"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
     */
    baseUrl?: string
  }

  interface MinimaxProvider extends ProviderOptions<"minimax"> {
    /** MiniMax */
    type: "minimax"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.minimax.io/v1"
     */
    baseUrl?: string
  }

  interface SiliconflowProvider extends ProviderOptions<"siliconflow"> {
    /** SiliconFlow */
    type: "siliconflow"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.siliconflow.com/v1"
     */
    baseUrl?: string
  }

  interface VolcengineProvider extends ProviderOptions<"volcengine"> {
    /** VolcEngine Ark (Doubao) */
    type: "volcengine"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://ark.cn-beijing.volces.com/api/v3"
     */
    baseUrl?: string
  }

  interface PoeProvider extends ProviderOptions<"poe"> {
    /** Poe */
    type: "poe"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.poe.com/v1"
     */
    baseUrl?: string
  }

  interface CerebrasProvider extends ProviderOptions<"cerebras"> {
    /** Cerebras */
    type: "cerebras"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.cerebras.ai/v1"
     */
    baseUrl?: string
  }

  interface NvidiaProvider extends ProviderOptions<"nvidia"> {
    /** NVIDIA NIM */
    type: "nvidia"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://integrate.api.nvidia.com/v1"
     */
    baseUrl?: string
  }

  interface VllmProvider extends ProviderOptions<"vllm"> {
    /** vLLM */
    type: "vllm"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "http://127.0.0.1:8000/v1"
     */
    baseUrl?: string
  }

  interface LlamacppProvider extends ProviderOptions<"llamacpp"> {
    /** llama.cpp server */
    type: "llamacpp"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "http://127.0.0.1:8080/v1"
     */
    baseUrl?: string
  }

  interface LmstudioProvider extends ProviderOptions<"lmstudio"> {
    /** LM Studio */
    type: "lmstudio"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "http://127.0.0.1:1234/v1"
     */
    baseUrl?: string
  }

  interface CohereProvider extends ProviderOptions<"cohere"> {
    /** Cohere */
    type: "cohere"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "https://api.cohere.com"
     */
    baseUrl?: string
  }

  interface OllamaProvider extends ProviderOptions<"ollama"> {
    /** Ollama */
    type: "ollama"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "http://127.0.0.1:11434"
     */
    baseUrl?: string
    /** Tokens of context that models are loaded with, such as `32768`, in calls of Ollama's own API. With `protocols: ["ollama"]`, all chats are such calls. */
    numCtx?: string
  }

  interface DemoProvider extends ProviderOptions<"demo"> {
    /** An embedded upstream that answers without any key, for trying things out */
    type: "demo"
    /**
     * Base URL, up to and including the version: `https://host/v1`.
     * @default "demo://local/v1"
     */
    baseUrl?: string
    /** Milliseconds before it answers (`"120"`). */
    firstToken?: string
    /** How fast it streams (`"60"`); `"0"` is as fast as possible. */
    tokensPerSecond?: string
  }

  /** The routing strategies. */
  type StrategyName =
      | "priority"
      | "weighted"
      | "round-robin"
      | "random"
      | "least-busy"
      | "least-usage"
      | "lowest-tpm-rpm"
      | "lowest-latency"
      | "lowest-cost"
      | "cache-affinity"
      | "adaptive"

  /** Names that other gateways have for them. */
  type StrategyAlias =
      | "fallback"
      | "failover"
      | "rotor"
      | "ordered"
      | "sequential"
      | "single"
      | "simple-shuffle"
      | "simple_shuffle"
      | "shuffle"
      | "lottery"
      | "loadbalance"
      | "load-balance"
      | "load_balance"
      | "weighted-random"
      | "weighted_random"
      | "round_robin"
      | "roundrobin"
      | "weighted-round-robin"
      | "weighted_round_robin"
      | "wrr"
      | "uniform"
      | "least_busy"
      | "least-connections"
      | "least_connections"
      | "least_conn"
      | "least_usage"
      | "lowest-usage"
      | "lowest_usage"
      | "lowest_tpm_rpm"
      | "usage-based"
      | "usage_based"
      | "usage-based-routing"
      | "usage-based-routing-v2"
      | "lowest_latency"
      | "latency-based-routing"
      | "latency-based"
      | "latency"
      | "fastest"
      | "lowest_cost"
      | "cost-based-routing"
      | "cost-based"
      | "cost"
      | "cheapest"
      | "cache_affinity"
      | "session-affinity"
      | "affinity"
      | "sticky"
      | "consistent-hash"
      | "auto"
      | "smart"
      | "balanced"

  /** The options of each provider type. */
  interface ProviderTypes {
    /** OpenAI */
    "openai": OpenaiProvider
    /** Anthropic, and servers that speak its Messages API */
    "anthropic": AnthropicProvider
    /** Google Gemini */
    "gemini": GeminiProvider
    /** Google Cloud Vertex AI: Gemini, Claude and open models. A key is a credentials file's text, its path, or an API key; without one, the application default credentials are used */
    "vertex": VertexProvider
    /** Amazon Bedrock: Claude, Nova, Llama, Mistral and others */
    "bedrock": BedrockProvider
    /** Azure OpenAI; needs `resource` or `baseUrl` */
    "azure": AzureProvider & ({ resource: string } | { baseUrl: string })
    /** Any server that speaks the OpenAI API; needs `baseUrl` */
    "openai-compatible": OpenaiCompatibleProvider
    /** DeepSeek */
    "deepseek": DeepseekProvider
    /** OpenRouter */
    "openrouter": OpenrouterProvider
    /** Groq */
    "groq": GroqProvider
    /** Mistral */
    "mistral": MistralProvider
    /** xAI */
    "xai": XaiProvider
    /** Together AI */
    "together": TogetherProvider
    /** Fireworks AI */
    "fireworks": FireworksProvider
    /** Perplexity */
    "perplexity": PerplexityProvider
    /** Moonshot AI (Kimi) */
    "moonshot": MoonshotProvider
    /** Z.ai (GLM) */
    "zai": ZaiProvider
    /** Alibaba Cloud Model Studio (Qwen) */
    "alibaba": AlibabaProvider
    /** MiniMax */
    "minimax": MinimaxProvider
    /** SiliconFlow */
    "siliconflow": SiliconflowProvider
    /** VolcEngine Ark (Doubao) */
    "volcengine": VolcengineProvider
    /** Poe */
    "poe": PoeProvider
    /** Cerebras */
    "cerebras": CerebrasProvider
    /** NVIDIA NIM */
    "nvidia": NvidiaProvider
    /** vLLM */
    "vllm": VllmProvider
    /** llama.cpp server */
    "llamacpp": LlamacppProvider
    /** LM Studio */
    "lmstudio": LmstudioProvider
    /** Cohere */
    "cohere": CohereProvider
    /** Ollama */
    "ollama": OllamaProvider
    /** An embedded upstream that answers without any key, for trying things out */
    "demo": DemoProvider
  }

  type ProviderType = keyof ProviderTypes

  /** An account at an LLM vendor, or a server that speaks its API. */
  type ProviderConfig = ProviderTypes[ProviderType]

  /** Model names that complete, by provider type. */
  interface KnownModels {
    "openai":
      | "ada"
      | "babbage"
      | "chatgpt-4o-latest"
      | "codex-mini"
      | "computer-use"
      | "curie"
      | "davinci"
      | "gpt-3.5-0301"
      | "gpt-3.5-turbo"
      | "gpt-3.5-turbo-0613"
      | "gpt-3.5-turbo-1106"
      | "gpt-3.5-turbo-16k"
      | "gpt-3.5-turbo-instruct"
      | "gpt-4"
      | "gpt-4-32k"
      | "gpt-4-turbo"
      | "gpt-4-vision-preview"
      | "gpt-4.1"
      | "gpt-4.1-mini"
      | "gpt-4.1-nano"
      | "gpt-4.5-preview"
      | "gpt-4o"
      | "gpt-4o-2024-05-13"
      | "gpt-4o-audio-preview"
      | "gpt-4o-mini"
      | "gpt-4o-mini-audio-preview"
      | "gpt-4o-mini-realtime-preview"
      | "gpt-4o-mini-transcribe"
      | "gpt-4o-mini-tts"
      | "gpt-4o-realtime-preview"
      | "gpt-4o-search-preview"
      | "gpt-4o-transcribe"
      | "gpt-4o:extended"
      | "gpt-5"
      | "gpt-5-image"
      | "gpt-5-image-mini"
      | "gpt-5-mini"
      | "gpt-5-nano"
      | "gpt-5-pro"
      | "gpt-5.1"
      | "gpt-5.1-codex-mini"
      | "gpt-5.2"
      | "gpt-5.2-pro"
      | "gpt-5.3"
      | "gpt-5.3-codex"
      | "gpt-5.4"
      | "gpt-5.4-image-2"
      | "gpt-5.4-mini"
      | "gpt-5.4-nano"
      | "gpt-5.4-pro"
      | "gpt-5.5"
      | "gpt-5.5-pro"
      | "gpt-5.6"
      | "gpt-5.6-luna"
      | "gpt-5.6-sol"
      | "gpt-5.6-terra"
      | "gpt-6-astra"
      | "gpt-6-luna"
      | "gpt-6-sol"
      | "gpt-audio"
      | "gpt-audio-mini"
      | "gpt-chat-latest"
      | "gpt-image-1"
      | "gpt-image-1-mini"
      | "gpt-image-1.5"
      | "gpt-image-2"
      | "gpt-oss-120b"
      | "gpt-oss-20b"
      | "gpt-oss-safeguard-20b"
      | "gpt-realtime"
      | "gpt-realtime-2"
      | "gpt-realtime-mini"
      | "gpt-transcribe"
      | "moderation"
      | "o1"
      | "o1-mini"
      | "o1-preview"
      | "o1-pro"
      | "o3"
      | "o3-deep-research"
      | "o3-mini"
      | "o3-pro"
      | "o4-mini"
      | "o4-mini-deep-research"
      | "text-davinci-002"
      | "text-davinci-003"
      | "text-embedding-3-large"
      | "text-embedding-3-small"
      | "text-embedding-ada-002"
      | "whisper-1"
    "anthropic":
      | "claude-2"
      | "claude-3-5-haiku-latest"
      | "claude-3-5-sonnet"
      | "claude-3-7-sonnet-latest"
      | "claude-3-haiku"
      | "claude-3-opus-latest"
      | "claude-3-sonnet"
      | "claude-fable-5"
      | "claude-fable-5-1"
      | "claude-haiku-4-5"
      | "claude-opus-4-0"
      | "claude-opus-4-1"
      | "claude-opus-4-5"
      | "claude-opus-4-6"
      | "claude-opus-4-7"
      | "claude-opus-4-8"
      | "claude-opus-5"
      | "claude-opus-5-5"
      | "claude-sonnet-4-0"
      | "claude-sonnet-4-5"
      | "claude-sonnet-4-6"
      | "claude-sonnet-5"
      | "claude-v1"
    "gemini":
      | "claude-3-5-haiku"
      | "claude-3-5-sonnet"
      | "claude-3-7-sonnet"
      | "claude-3-haiku"
      | "claude-3-opus"
      | "claude-4-opus"
      | "claude-4-sonnet"
      | "claude-fable-5"
      | "claude-fable-5-1"
      | "claude-opus-4-6"
      | "claude-opus-4-7"
      | "claude-opus-4-8"
      | "claude-opus-5"
      | "claude-opus-5-5"
      | "claude-sonnet-4-5"
      | "claude-sonnet-4-6"
      | "gemini-1.0-pro-vision-001"
      | "gemini-1.5-flash"
      | "gemini-1.5-pro"
      | "gemini-2.0-flash"
      | "gemini-2.0-flash-lite"
      | "gemini-2.5-flash"
      | "gemini-2.5-flash-image"
      | "gemini-2.5-flash-lite"
      | "gemini-2.5-flash-lite-preview-tts"
      | "gemini-2.5-flash-tts"
      | "gemini-2.5-pro"
      | "gemini-2.5-pro-tts"
      | "gemini-3-flash-preview"
      | "gemini-3-pro-image-preview"
      | "gemini-3-pro-preview"
      | "gemini-3.1-flash-image-preview"
      | "gemini-3.1-flash-lite"
      | "gemini-3.1-flash-lite-image"
      | "gemini-3.1-flash-live-preview"
      | "gemini-3.1-pro-preview"
      | "gemini-3.5-flash"
      | "gemini-3.5-flash-lite"
      | "gemini-3.6-flash"
      | "gemini-3.7-flash"
      | "gemini-3.8-flash"
      | "gemini-embedding-001"
      | "gemini-embedding-2"
      | "gemini-flash-1.5"
      | "gemini-flash-1.5-8b"
      | "gemini-live-2.5-flash"
      | "gemini-omni-flash-preview"
      | "gemini-pro"
      | "gemini-pro-1.5"
      | "gemma-2-27b-it"
      | "gemma-3"
      | "gemma-3n"
      | "gemma-4-26b-a4b-it"
      | "gemma-4-26b-a4b-it-maas"
      | "gemma-4-31b-it"
    "vertex":
      | "claude-3-5-haiku"
      | "claude-3-5-sonnet"
      | "claude-3-7-sonnet"
      | "claude-3-haiku"
      | "claude-3-opus"
      | "claude-4-opus"
      | "claude-4-sonnet"
      | "claude-fable-5"
      | "claude-fable-5-1"
      | "claude-opus-4-6"
      | "claude-opus-4-7"
      | "claude-opus-4-8"
      | "claude-opus-5"
      | "claude-opus-5-5"
      | "claude-sonnet-4-5"
      | "claude-sonnet-4-6"
      | "gemini-1.0-pro-vision-001"
      | "gemini-1.5-flash"
      | "gemini-1.5-pro"
      | "gemini-2.0-flash"
      | "gemini-2.0-flash-lite"
      | "gemini-2.5-flash"
      | "gemini-2.5-flash-image"
      | "gemini-2.5-flash-lite"
      | "gemini-2.5-flash-lite-preview-tts"
      | "gemini-2.5-flash-tts"
      | "gemini-2.5-pro"
      | "gemini-2.5-pro-tts"
      | "gemini-3-flash-preview"
      | "gemini-3-pro-image-preview"
      | "gemini-3-pro-preview"
      | "gemini-3.1-flash-image-preview"
      | "gemini-3.1-flash-lite"
      | "gemini-3.1-flash-lite-image"
      | "gemini-3.1-flash-live-preview"
      | "gemini-3.1-pro-preview"
      | "gemini-3.5-flash"
      | "gemini-3.5-flash-lite"
      | "gemini-3.6-flash"
      | "gemini-3.7-flash"
      | "gemini-3.8-flash"
      | "gemini-embedding-001"
      | "gemini-embedding-2"
      | "gemini-flash-1.5"
      | "gemini-flash-1.5-8b"
      | "gemini-live-2.5-flash"
      | "gemini-omni-flash-preview"
      | "gemini-pro"
      | "gemini-pro-1.5"
      | "gemma-2-27b-it"
      | "gemma-3"
      | "gemma-3n"
      | "gemma-4-26b-a4b-it"
      | "gemma-4-26b-a4b-it-maas"
      | "gemma-4-31b-it"
    "bedrock":
      | "amazon.nova-2-sonic-v1:0"
      | "amazon.nova-lite-v1:0"
      | "amazon.nova-micro-v1:0"
      | "amazon.nova-premier-v1:0"
      | "amazon.nova-pro-v1:0"
      | "amazon.nova-sonic-v1:0"
      | "amazon.titan-embed-text-v1"
      | "amazon.titan-text-express-v1"
      | "amazon.titan-text-lite-v1"
      | "anthropic.claude-fable-5"
      | "anthropic.claude-fable-5-1"
      | "anthropic.claude-opus-5"
      | "anthropic.claude-opus-5-5"
      | "deepseek.r1-v1:0"
      | "global.amazon.nova-2-lite-v1:0"
      | "global.anthropic.claude-fable-5-1-v1:0"
      | "global.anthropic.claude-fable-5-v1:0"
      | "global.anthropic.claude-haiku-4-5-20251001-v1:0"
      | "global.anthropic.claude-opus-4-5-v1:0"
      | "global.anthropic.claude-opus-4-6-v1:0"
      | "global.anthropic.claude-opus-4-7-v1:0"
      | "global.anthropic.claude-opus-4-8-v1:0"
      | "global.anthropic.claude-opus-5"
      | "global.anthropic.claude-opus-5-5"
      | "global.anthropic.claude-sonnet-4-20250514-v1:0"
      | "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
      | "global.anthropic.claude-sonnet-4-6-v1:0"
      | "global.anthropic.claude-sonnet-5-v1:0"
      | "global.openai.gpt-5.6-luna"
      | "global.openai.gpt-5.6-sol"
      | "global.openai.gpt-5.6-terra"
      | "google.gemma-3-12b-it"
      | "google.gemma-3-27b-it"
      | "google.gemma-3-4b-it"
      | "meta.llama3-1-70b-instruct-v1:0"
      | "meta.llama3-1-8b-instruct-v1:0"
      | "meta.llama3-2-11b-instruct-v1:0"
      | "meta.llama3-2-1b-instruct-v1:0"
      | "meta.llama3-2-3b-instruct-v1:0"
      | "meta.llama3-2-90b-instruct-v1:0"
      | "meta.llama3-3-70b-instruct-v1:0"
      | "meta.llama3-70b-instruct-v1:0"
      | "meta.llama3-8b-instruct-v1:0"
      | "meta.llama4-maverick-17b-instruct-v1:0"
      | "meta.llama4-scout-17b-instruct-v1:0"
      | "mistral.devstral-2-123b"
      | "mistral.magistral-small-2509"
      | "mistral.ministral-3-14b-instruct"
      | "mistral.ministral-3-3b-instruct"
      | "mistral.ministral-3-8b-instruct"
      | "mistral.mistral-7b-instruct-v0:2"
      | "mistral.mistral-large-2402-v1:0"
      | "mistral.mistral-large-3-675b-instruct"
      | "mistral.mistral-small-2402-v1:0"
      | "mistral.mixtral-8x7b-instruct-v0:1"
      | "mistral.pixtral-large-2502-v1:0"
      | "mistral.voxtral-mini-3b-2507"
      | "mistral.voxtral-small-24b-2507"
      | "nvidia.nemotron-nano-3-30b:0"
      | "nvidia.nemotron-nano-9b-v2:0"
      | "nvidia.nemotron-super-3-120b:0"
      | "openai.gpt-5.4"
      | "openai.gpt-5.5"
      | "openai.gpt-oss-120b-1:0"
      | "openai.gpt-oss-20b-1:0"
      | "qwen.qwen3-32b-v1:0"
      | "qwen.qwen3-coder-30b-a3b-v1:0"
      | "qwen.qwen3-coder-480b-a35b-v1:0"
      | "qwen.qwen3-vl-235b-a22b-v1:0"
      | "regional.anthropic.claude-3-5-haiku-20241022-v1:0"
      | "regional.anthropic.claude-3-5-sonnet-20240620-v1:0"
      | "regional.anthropic.claude-3-5-sonnet-20241022-v2:0"
      | "regional.anthropic.claude-3-7-sonnet-20250219-v1:0"
      | "regional.anthropic.claude-3-haiku-20240307-v1:0"
      | "regional.anthropic.claude-3-opus-20240229-v1:0"
      | "regional.anthropic.claude-3-sonnet-20240229-v1:0"
      | "writer.palmyra-x4-v1:0"
      | "writer.palmyra-x5-v1:0"
    "azure":
      | "ada"
      | "babbage"
      | "curie"
      | "davinci"
      | "mai-ds-r1:free"
      | "o1"
      | "o1-mini"
      | "o1-preview"
      | "o3-2025-04-16"
      | "o3-mini"
      | "o4-mini"
      | "phi-3-medium-128k-instruct"
      | "phi-3-mini-128k-instruct"
      | "phi-3.5-mini-128k-instruct"
      | "phi-4"
      | "phi-4-mini-instruct"
      | "phi-4-multimodal-instruct"
      | "phi-4-reasoning-plus"
      | "phi-4-reasoning-plus:free"
      | "phi-4-reasoning:free"
      | "text-embedding-3-large"
      | "text-embedding-3-small"
      | "wizardlm-2-8x22b"
    "openai-compatible": never
    "deepseek":
      | "deepseek-chat"
      | "deepseek-reasoner"
      | "deepseek-v3.1-terminus"
      | "deepseek-v3.2"
      | "deepseek-v3.2-exp"
      | "deepseek-v4-flash"
      | "deepseek-v4-pro"
    "openrouter":
      | "01-ai/yi-large"
      | "aetherwiing/mn-starcannon-12b"
      | "agentica-org/deepcoder-14b-preview:free"
      | "ai21/jamba-1-5-large"
      | "ai21/jamba-1-5-mini"
      | "ai21/jamba-1.6-large"
      | "ai21/jamba-1.6-mini"
      | "ai21/jamba-instruct"
      | "ai21/jamba-large-1.7"
      | "aion-labs/aion-1.0"
      | "aion-labs/aion-1.0-mini"
      | "aion-labs/aion-2.0"
      | "aion-labs/aion-rp-llama-3.1-8b"
      | "alfredpros/codellama-7b-instruct-solidity"
      | "all-hands/openhands-lm-32b-v0.1"
      | "allenai/molmo-7b-d:free"
      | "allenai/olmo-3-32b-think"
      | "alpindale/goliath-120b"
      | "alpindale/magnum-72b"
      | "amazon/nova-2-lite-v1"
      | "amazon/nova-lite-v1"
      | "amazon/nova-micro-v1"
      | "amazon/nova-premier-v1"
      | "amazon/nova-pro-v1"
      | "anthracite-org/magnum-v2-72b"
      | "anthracite-org/magnum-v4-72b"
      | "anthropic/claude-2"
      | "anthropic/claude-3-haiku"
      | "anthropic/claude-3-opus"
      | "anthropic/claude-3-sonnet"
      | "anthropic/claude-3.5-haiku"
      | "anthropic/claude-3.5-sonnet"
      | "anthropic/claude-3.7-sonnet"
      | "anthropic/claude-fable-5"
      | "anthropic/claude-fable-5.1"
      | "anthropic/claude-haiku-4.5"
      | "anthropic/claude-opus-4"
      | "anthropic/claude-opus-4.5"
      | "anthropic/claude-opus-4.6"
      | "anthropic/claude-opus-4.6-fast"
      | "anthropic/claude-opus-4.7"
      | "anthropic/claude-opus-4.7-fast"
      | "anthropic/claude-opus-4.8"
      | "anthropic/claude-opus-4.8-fast"
      | "anthropic/claude-opus-5"
      | "anthropic/claude-opus-5-fast"
      | "anthropic/claude-opus-5.5"
      | "anthropic/claude-sonnet-4"
      | "anthropic/claude-sonnet-4.5"
      | "anthropic/claude-sonnet-4.6"
      | "anthropic/claude-sonnet-5"
      | "anubis-pro-105b-v1"
      | "arcee-ai/coder-large"
      | "arcee-ai/trinity-large-thinking"
      | "arcee-ai/trinity-mini"
      | "arcee-ai/virtuoso-large"
      | "arcee-blitz"
      | "arliai/qwq-32b-arliai-rpr-v1:free"
      | "baidu/ernie-4.5-vl-424b-a47b"
      | "bytedance-research/ui-tars-72b:free"
      | "bytedance-seed/seed-1.6"
      | "bytedance-seed/seed-1.6-flash"
      | "bytedance-seed/seed-2.0-lite"
      | "bytedance-seed/seed-2.0-mini"
      | "bytedance/ui-tars-1.5-7b"
      | "caller-large"
      | "chatgpt-4o-latest"
      | "claude-2"
      | "claude-3-opus"
      | "claude-3-sonnet"
      | "claude-3.5-sonnet"
      | "claude-3.7-sonnet"
      | "codellama-7b-instruct-solidity"
      | "codestral-2501"
      | "codex-mini"
      | "cognitivecomputations/dolphin-mistral-24b-venice-edition:free"
      | "cognitivecomputations/dolphin-mixtral-8x22b"
      | "cognitivecomputations/dolphin-mixtral-8x7b"
      | "cognitivecomputations/dolphin3.0-mistral-24b:free"
      | "cognitivecomputations/dolphin3.0-r1-mistral-24b:free"
      | "cohere/command"
      | "cohere/command-a"
      | "cohere/command-r"
      | "cohere/command-r-08-2024"
      | "cohere/command-r-plus"
      | "cohere/command-r-plus-08-2024"
      | "cohere/command-r7b-12-2024"
      | "command"
      | "command-r"
      | "command-r-plus"
      | "deepcoder-14b-preview:free"
      | "deepcogito/cogito-v2.1-671b"
      | "deephermes-3-llama-3-8b-preview:free"
      | "deepseek-chat-v3-0324:free"
      | "deepseek-chat:free"
      | "deepseek-prover-v2"
      | "deepseek-r1-0528-qwen3-8b"
      | "deepseek-r1-0528-qwen3-8b:free"
      | "deepseek-r1-0528:free"
      | "deepseek-r1-distill-llama-70b:free"
      | "deepseek-r1-distill-llama-8b"
      | "deepseek-r1-distill-qwen-1.5b"
      | "deepseek-r1-distill-qwen-14b"
      | "deepseek-r1-distill-qwen-14b:free"
      | "deepseek-r1-distill-qwen-32b:free"
      | "deepseek-r1-distill-qwen-7b"
      | "deepseek-r1:free"
      | "deepseek-r1t-chimera:free"
      | "deepseek-v3-base:free"
      | "deepseek/deepseek-chat"
      | "deepseek/deepseek-chat-v3-0324"
      | "deepseek/deepseek-chat-v3-0324:free"
      | "deepseek/deepseek-chat-v3.1"
      | "deepseek/deepseek-chat:free"
      | "deepseek/deepseek-r1"
      | "deepseek/deepseek-r1-0528"
      | "deepseek/deepseek-r1-distill-llama-70b"
      | "deepseek/deepseek-r1-distill-llama-70b:free"
      | "deepseek/deepseek-r1-distill-llama-8b"
      | "deepseek/deepseek-r1-distill-qwen-1.5b"
      | "deepseek/deepseek-r1-distill-qwen-14b"
      | "deepseek/deepseek-r1-distill-qwen-14b:free"
      | "deepseek/deepseek-r1-distill-qwen-32b"
      | "deepseek/deepseek-r1-distill-qwen-32b:free"
      | "deepseek/deepseek-r1-zero:free"
      | "deepseek/deepseek-r1:free"
      | "deepseek/deepseek-v3-base:free"
      | "deepseek/deepseek-v3.1-terminus"
      | "deepseek/deepseek-v3.2"
      | "deepseek/deepseek-v3.2-exp"
      | "deepseek/deepseek-v4-flash"
      | "deepseek/deepseek-v4-pro"
      | "devstral-small"
      | "devstral-small:free"
      | "dobby-mini-unhinged-plus-llama-3.1-8b"
      | "dolphin-mixtral-8x22b"
      | "dolphin3.0-mistral-24b:free"
      | "dolphin3.0-r1-mistral-24b:free"
      | "eleutherai/llemma_7b"
      | "essentialai/rnj-1-instruct"
      | "eva-llama-3.33-70b"
      | "eva-qwen-2.5-32b"
      | "eva-qwen-2.5-72b"
      | "eva-unit-01/eva-llama-3.33-70b"
      | "eva-unit-01/eva-qwen-2.5-32b"
      | "eva-unit-01/eva-qwen-2.5-72b"
      | "featherless/qwerky-72b:free"
      | "fimbulvetr-11b-v2"
      | "gemini-2.0-flash-001"
      | "gemini-2.0-flash-exp:free"
      | "gemini-2.0-flash-lite-001"
      | "gemini-2.5-flash-lite-preview-06-17"
      | "gemini-2.5-flash-preview"
      | "gemini-2.5-flash-preview-05-20:thinking"
      | "gemini-2.5-flash-preview:thinking"
      | "gemini-2.5-pro-exp-03-25"
      | "gemini-flash-1.5"
      | "gemini-flash-1.5-8b"
      | "gemini-pro-1.5"
      | "gemma-2-9b-it"
      | "gemma-2-9b-it:free"
      | "gemma-3-12b-it:free"
      | "gemma-3-27b-it:free"
      | "gemma-3-4b-it:free"
      | "gemma-3n-e4b-it:free"
      | "glm-4-32b"
      | "glm-4-32b:free"
      | "glm-4.5-air:free"
      | "glm-5v-turbo"
      | "glm-z1-32b"
      | "glm-z1-32b:free"
      | "glm-z1-rumination-32b"
      | "goliath-120b"
      | "google/gemini-2.0-flash-001"
      | "google/gemini-2.0-flash-exp:free"
      | "google/gemini-2.0-flash-lite-001"
      | "google/gemini-2.0-flash-thinking-exp-1219:free"
      | "google/gemini-2.0-flash-thinking-exp:free"
      | "google/gemini-2.5-flash"
      | "google/gemini-2.5-flash-image"
      | "google/gemini-2.5-flash-lite"
      | "google/gemini-2.5-flash-lite-preview-09-2025"
      | "google/gemini-2.5-flash-preview"
      | "google/gemini-2.5-flash-preview-09-2025"
      | "google/gemini-2.5-flash-preview:thinking"
      | "google/gemini-2.5-pro"
      | "google/gemini-2.5-pro-exp-03-25:free"
      | "google/gemini-2.5-pro-preview-03-25"
      | "google/gemini-3-flash-preview"
      | "google/gemini-3-pro-image-preview"
      | "google/gemini-3.1-flash-image-preview"
      | "google/gemini-3.1-flash-lite"
      | "google/gemini-3.1-pro-preview"
      | "google/gemini-3.5-flash"
      | "google/gemini-flash-1.5"
      | "google/gemini-flash-1.5-8b"
      | "google/gemini-flash-1.5-8b-exp"
      | "google/gemini-pro"
      | "google/gemini-pro-1.5"
      | "google/gemma-2-27b-it"
      | "google/gemma-2-9b-it"
      | "google/gemma-2-9b-it:free"
      | "google/gemma-3-12b-it"
      | "google/gemma-3-12b-it:free"
      | "google/gemma-3-1b-it:free"
      | "google/gemma-3-27b-it"
      | "google/gemma-3-27b-it:free"
      | "google/gemma-3-4b-it"
      | "google/gemma-3-4b-it:free"
      | "google/gemma-3n-e4b-it"
      | "google/gemma-4-26b-a4b-it"
      | "google/gemma-4-26b-a4b-it:free"
      | "google/gemma-4-31b-it"
      | "google/gemma-4-31b-it:free"
      | "google/learnlm-1.5-pro-experimental:free"
      | "google/lyria-3-clip-preview"
      | "google/lyria-3-pro-preview"
      | "google/palm-2-chat-bison"
      | "google/palm-2-codechat-bison"
      | "gpt-3.5-turbo-1106"
      | "gpt-4-1106-preview"
      | "gpt-4.5-preview"
      | "gpt-4o:extended"
      | "grok-2-1212"
      | "grok-2-vision-1212"
      | "grok-3"
      | "grok-3-mini"
      | "grok-beta"
      | "grok-vision-beta"
      | "gryphe/mythomax-l2-13b"
      | "hermes-2-pro-llama-3-8b"
      | "huggingfaceh4/zephyr-7b-beta:free"
      | "ibm-granite/granite-4.0-h-micro"
      | "ibm-granite/granite-4.1-8b"
      | "inception/mercury-2"
      | "inclusionai/ling-2.6-1t"
      | "inclusionai/ling-2.6-flash"
      | "inclusionai/ring-2.6-1t"
      | "infermatic/mn-inferor-12b"
      | "inflection/inflection-3-pi"
      | "inflection/inflection-3-productivity"
      | "internvl3-14b:free"
      | "internvl3-2b:free"
      | "jamba-1.6-large"
      | "jamba-1.6-mini"
      | "jondurbin/airoboros-l2-70b"
      | "kimi-dev-72b:free"
      | "kimi-vl-a3b-thinking:free"
      | "kwaipilot/kat-coder-pro-v2"
      | "l3-euryale-70b"
      | "latitudegames/wayfarer-large-70b-llama-3.3"
      | "lfm-3b"
      | "lfm-40b"
      | "lfm-7b"
      | "liquid/lfm-2-24b-a2b"
      | "liquid/lfm-2.5-1.2b-instruct:free"
      | "liquid/lfm-2.5-1.2b-thinking:free"
      | "liquid/lfm-3b"
      | "liquid/lfm-40b"
      | "liquid/lfm-7b"
      | "llama-3-lumimaid-70b"
      | "llama-3-lumimaid-8b"
      | "llama-3.1-405b"
      | "llama-3.1-405b-instruct"
      | "llama-3.1-8b-instruct:free"
      | "llama-3.1-lumimaid-70b"
      | "llama-3.1-lumimaid-8b"
      | "llama-3.1-nemotron-70b-instruct"
      | "llama-3.1-nemotron-ultra-253b-v1"
      | "llama-3.1-nemotron-ultra-253b-v1:free"
      | "llama-3.1-sonar-large-128k-online"
      | "llama-3.1-sonar-small-128k-online"
      | "llama-3.2-11b-vision-instruct:free"
      | "llama-3.2-1b-instruct:free"
      | "llama-3.2-90b-vision-instruct"
      | "llama-3.3-8b-instruct:free"
      | "llama-3.3-nemotron-super-49b-v1"
      | "llama-3.3-nemotron-super-49b-v1:free"
      | "llama-4-maverick:free"
      | "llama-4-scout:free"
      | "llama-guard-2-8b"
      | "llama3.1-typhoon2-70b-instruct"
      | "llemma_7b"
      | "maestro-reasoning"
      | "magistral-medium-2506"
      | "magistral-small-2506"
      | "magnum-72b"
      | "magnum-v2-72b"
      | "mai-ds-r1:free"
      | "mancer/weaver"
      | "mercury-coder-small-beta"
      | "meta-llama/llama-2-13b-chat"
      | "meta-llama/llama-2-70b-chat"
      | "meta-llama/llama-3-70b-instruct"
      | "meta-llama/llama-3-8b-instruct"
      | "meta-llama/llama-3.1-405b"
      | "meta-llama/llama-3.1-405b-instruct"
      | "meta-llama/llama-3.1-405b:free"
      | "meta-llama/llama-3.1-70b-instruct"
      | "meta-llama/llama-3.1-8b-instruct"
      | "meta-llama/llama-3.1-8b-instruct:free"
      | "meta-llama/llama-3.2-11b-vision-instruct"
      | "meta-llama/llama-3.2-11b-vision-instruct:free"
      | "meta-llama/llama-3.2-1b-instruct"
      | "meta-llama/llama-3.2-1b-instruct:free"
      | "meta-llama/llama-3.2-3b-instruct"
      | "meta-llama/llama-3.2-3b-instruct:free"
      | "meta-llama/llama-3.2-90b-vision-instruct"
      | "meta-llama/llama-3.3-70b-instruct"
      | "meta-llama/llama-3.3-70b-instruct:free"
      | "meta-llama/llama-4-maverick"
      | "meta-llama/llama-4-maverick:free"
      | "meta-llama/llama-4-scout"
      | "meta-llama/llama-4-scout:free"
      | "meta-llama/llama-guard-2-8b"
      | "meta-llama/llama-guard-3-8b"
      | "meta-llama/llama-guard-4-12b"
      | "microsoft/phi-3-medium-128k-instruct"
      | "microsoft/phi-3-mini-128k-instruct"
      | "microsoft/phi-3.5-mini-128k-instruct"
      | "microsoft/phi-4"
      | "microsoft/phi-4-mini-instruct"
      | "microsoft/phi-4-multimodal-instruct"
      | "microsoft/wizardlm-2-7b"
      | "microsoft/wizardlm-2-8x22b"
      | "midnight-rose-70b"
      | "minimax-m1:extended"
      | "minimax/minimax-01"
      | "minimax/minimax-m1"
      | "minimax/minimax-m2"
      | "minimax/minimax-m2-her"
      | "minimax/minimax-m2.1"
      | "minimax/minimax-m2.5"
      | "minimax/minimax-m2.7"
      | "minimax/minimax-m3"
      | "ministral-3b"
      | "ministral-8b"
      | "mistral-7b-instruct"
      | "mistral-7b-instruct-v0.1"
      | "mistral-7b-instruct-v0.2"
      | "mistral-7b-instruct:free"
      | "mistral-medium"
      | "mistral-nemo:free"
      | "mistral-small"
      | "mistral-small-24b-instruct-2501:free"
      | "mistral-small-3.1-24b-instruct:free"
      | "mistral-small-3.2-24b-instruct:free"
      | "mistral-tiny"
      | "mistral/ministral-8b"
      | "mistralai/codestral-2501"
      | "mistralai/codestral-2508"
      | "mistralai/codestral-mamba"
      | "mistralai/devstral-2512"
      | "mistralai/ministral-14b-2512"
      | "mistralai/ministral-3b"
      | "mistralai/ministral-3b-2512"
      | "mistralai/ministral-8b"
      | "mistralai/ministral-8b-2512"
      | "mistralai/mistral-7b-instruct"
      | "mistralai/mistral-7b-instruct-v0.1"
      | "mistralai/mistral-7b-instruct-v0.2"
      | "mistralai/mistral-7b-instruct:free"
      | "mistralai/mistral-large"
      | "mistralai/mistral-large-2512"
      | "mistralai/mistral-medium"
      | "mistralai/mistral-medium-3"
      | "mistralai/mistral-medium-3-5"
      | "mistralai/mistral-medium-3.1"
      | "mistralai/mistral-nemo"
      | "mistralai/mistral-nemo:free"
      | "mistralai/mistral-saba"
      | "mistralai/mistral-small"
      | "mistralai/mistral-small-24b-instruct-2501"
      | "mistralai/mistral-small-24b-instruct-2501:free"
      | "mistralai/mistral-small-2603"
      | "mistralai/mistral-small-3.1-24b-instruct"
      | "mistralai/mistral-small-3.1-24b-instruct:free"
      | "mistralai/mistral-small-3.2-24b-instruct"
      | "mistralai/mistral-tiny"
      | "mistralai/mixtral-8x22b-instruct"
      | "mistralai/mixtral-8x7b-instruct"
      | "mistralai/pixtral-12b"
      | "mistralai/pixtral-large-2411"
      | "mistralai/voxtral-small-24b-2507"
      | "mixtral-8x7b-instruct"
      | "mn-celeste-12b"
      | "mn-inferor-12b"
      | "mn-starcannon-12b"
      | "moonshotai/kimi-k2"
      | "moonshotai/kimi-k2-0905"
      | "moonshotai/kimi-k2-thinking"
      | "moonshotai/kimi-k2.5"
      | "moonshotai/kimi-k2.6"
      | "moonshotai/kimi-k2.6:free"
      | "moonshotai/kimi-k2.7-code"
      | "moonshotai/kimi-k3"
      | "moonshotai/kimi-vl-a3b-thinking:free"
      | "moonshotai/moonlight-16b-a3b-instruct:free"
      | "morph/morph-v3-fast"
      | "morph/morph-v3-large"
      | "mythalion-13b"
      | "neversleep/llama-3-lumimaid-70b"
      | "neversleep/llama-3-lumimaid-8b"
      | "neversleep/llama-3.1-lumimaid-70b"
      | "neversleep/llama-3.1-lumimaid-8b"
      | "neversleep/noromaid-20b"
      | "nex-agi/nex-n2-pro:free"
      | "noromaid-20b"
      | "nothingiisreal/mn-celeste-12b"
      | "nous-hermes-2-mixtral-8x7b-dpo"
      | "nousresearch/deephermes-3-llama-3-8b-preview:free"
      | "nousresearch/hermes-2-pro-llama-3-8b"
      | "nousresearch/hermes-3-llama-3.1-405b"
      | "nousresearch/hermes-3-llama-3.1-405b:free"
      | "nousresearch/hermes-3-llama-3.1-70b"
      | "nousresearch/hermes-4-405b"
      | "nousresearch/hermes-4-70b"
      | "nousresearch/nous-hermes-2-mixtral-8x7b-dpo"
      | "nousresearch/nous-hermes-llama2-13b"
      | "nvidia/llama-3.1-nemotron-70b-instruct"
      | "nvidia/llama-3.1-nemotron-70b-instruct:free"
      | "nvidia/llama-3.1-nemotron-nano-8b-v1:free"
      | "nvidia/llama-3.1-nemotron-ultra-253b-v1:free"
      | "nvidia/llama-3.3-nemotron-super-49b-v1.5"
      | "nvidia/llama-3.3-nemotron-super-49b-v1:free"
      | "nvidia/nemotron-3-nano-30b-a3b"
      | "nvidia/nemotron-3-nano-30b-a3b:free"
      | "nvidia/nemotron-3-nano-omni-30b-a3b-reasoning:free"
      | "nvidia/nemotron-3-super-120b-a12b"
      | "nvidia/nemotron-3-super-120b-a12b:free"
      | "nvidia/nemotron-3-ultra-550b-a55b"
      | "nvidia/nemotron-3-ultra-550b-a55b:free"
      | "nvidia/nemotron-3.5-content-safety:free"
      | "nvidia/nemotron-nano-12b-v2-vl:free"
      | "nvidia/nemotron-nano-9b-v2"
      | "nvidia/nemotron-nano-9b-v2:free"
      | "o1-mini"
      | "open-r1/olympiccoder-32b:free"
      | "open-r1/olympiccoder-7b:free"
      | "openai/chatgpt-4o-latest"
      | "openai/codex-mini"
      | "openai/gpt-3.5-turbo"
      | "openai/gpt-3.5-turbo-0613"
      | "openai/gpt-3.5-turbo-1106"
      | "openai/gpt-3.5-turbo-16k"
      | "openai/gpt-3.5-turbo-instruct"
      | "openai/gpt-4"
      | "openai/gpt-4-1106-preview"
      | "openai/gpt-4-32k"
      | "openai/gpt-4-turbo"
      | "openai/gpt-4.1"
      | "openai/gpt-4.1-mini"
      | "openai/gpt-4.1-nano"
      | "openai/gpt-4.5-preview"
      | "openai/gpt-4o"
      | "openai/gpt-4o-2024-05-13"
      | "openai/gpt-4o-mini"
      | "openai/gpt-4o-mini-search-preview"
      | "openai/gpt-4o-search-preview"
      | "openai/gpt-4o:extended"
      | "openai/gpt-5"
      | "openai/gpt-5-image"
      | "openai/gpt-5-image-mini"
      | "openai/gpt-5-mini"
      | "openai/gpt-5-nano"
      | "openai/gpt-5-pro"
      | "openai/gpt-5.1"
      | "openai/gpt-5.1-codex-mini"
      | "openai/gpt-5.2"
      | "openai/gpt-5.2-pro"
      | "openai/gpt-5.3-chat"
      | "openai/gpt-5.3-codex"
      | "openai/gpt-5.4"
      | "openai/gpt-5.4-image-2"
      | "openai/gpt-5.4-mini"
      | "openai/gpt-5.4-nano"
      | "openai/gpt-5.4-pro"
      | "openai/gpt-5.5"
      | "openai/gpt-5.5-pro"
      | "openai/gpt-5.6-luna"
      | "openai/gpt-5.6-sol"
      | "openai/gpt-5.6-terra"
      | "openai/gpt-6-luna"
      | "openai/gpt-6-luna:batch"
      | "openai/gpt-6-sol"
      | "openai/gpt-6-sol:batch"
      | "openai/gpt-audio"
      | "openai/gpt-audio-mini"
      | "openai/gpt-chat-latest"
      | "openai/gpt-oss-120b"
      | "openai/gpt-oss-120b:free"
      | "openai/gpt-oss-20b"
      | "openai/gpt-oss-20b:free"
      | "openai/gpt-oss-safeguard-20b"
      | "openai/o1"
      | "openai/o1-mini"
      | "openai/o1-pro"
      | "openai/o3"
      | "openai/o3-deep-research"
      | "openai/o3-mini"
      | "openai/o3-pro"
      | "openai/o4-mini"
      | "openai/o4-mini-deep-research"
      | "openchat/openchat-7b"
      | "openhands-lm-32b-v0.1"
      | "openrouter/auto"
      | "perceptron/perceptron-mk1"
      | "perplexity/llama-3.1-sonar-large-128k-online"
      | "perplexity/llama-3.1-sonar-small-128k-online"
      | "perplexity/r1-1776"
      | "perplexity/sonar"
      | "perplexity/sonar-deep-research"
      | "perplexity/sonar-pro"
      | "perplexity/sonar-reasoning"
      | "perplexity/sonar-reasoning-pro"
      | "phi-3-medium-128k-instruct"
      | "phi-3-mini-128k-instruct"
      | "phi-3.5-mini-128k-instruct"
      | "phi-4-multimodal-instruct"
      | "phi-4-reasoning-plus"
      | "phi-4-reasoning-plus:free"
      | "phi-4-reasoning:free"
      | "pixtral-12b"
      | "pixtral-large-2411"
      | "poolside/laguna-m.1:free"
      | "poolside/laguna-xs.2:free"
      | "prime-intellect/intellect-3"
      | "pygmalionai/mythalion-13b"
      | "qwen-2-72b-instruct"
      | "qwen-2.5-72b-instruct:free"
      | "qwen-2.5-coder-32b-instruct:free"
      | "qwen-2.5-vl-7b-instruct"
      | "qwen-max"
      | "qwen-turbo"
      | "qwen-vl-max"
      | "qwen-vl-plus"
      | "qwen/qwen-2-72b-instruct"
      | "qwen/qwen-2.5-72b-instruct"
      | "qwen/qwen-2.5-72b-instruct:free"
      | "qwen/qwen-2.5-7b-instruct"
      | "qwen/qwen-2.5-7b-instruct:free"
      | "qwen/qwen-2.5-coder-32b-instruct"
      | "qwen/qwen-2.5-coder-32b-instruct:free"
      | "qwen/qwen-2.5-vl-72b-instruct"
      | "qwen/qwen-2.5-vl-7b-instruct"
      | "qwen/qwen-2.5-vl-7b-instruct:free"
      | "qwen/qwen-max"
      | "qwen/qwen-plus"
      | "qwen/qwen-plus-2025-07-28"
      | "qwen/qwen-plus-2025-07-28:thinking"
      | "qwen/qwen-turbo"
      | "qwen/qwen-vl-max"
      | "qwen/qwen-vl-plus"
      | "qwen/qwen2.5-coder-7b-instruct"
      | "qwen/qwen2.5-vl-32b-instruct"
      | "qwen/qwen2.5-vl-32b-instruct:free"
      | "qwen/qwen2.5-vl-3b-instruct:free"
      | "qwen/qwen2.5-vl-72b-instruct"
      | "qwen/qwen2.5-vl-72b-instruct:free"
      | "qwen/qwen3-14b"
      | "qwen/qwen3-235b-a22b"
      | "qwen/qwen3-235b-a22b-2507"
      | "qwen/qwen3-235b-a22b-thinking-2507"
      | "qwen/qwen3-30b-a3b"
      | "qwen/qwen3-30b-a3b-instruct-2507"
      | "qwen/qwen3-30b-a3b-thinking-2507"
      | "qwen/qwen3-32b"
      | "qwen/qwen3-8b"
      | "qwen/qwen3-coder"
      | "qwen/qwen3-coder-30b-a3b-instruct"
      | "qwen/qwen3-coder-flash"
      | "qwen/qwen3-coder-next"
      | "qwen/qwen3-coder-plus"
      | "qwen/qwen3-coder:free"
      | "qwen/qwen3-max"
      | "qwen/qwen3-max-thinking"
      | "qwen/qwen3-next-80b-a3b-instruct"
      | "qwen/qwen3-next-80b-a3b-instruct:free"
      | "qwen/qwen3-next-80b-a3b-thinking"
      | "qwen/qwen3-vl-235b-a22b-instruct"
      | "qwen/qwen3-vl-235b-a22b-thinking"
      | "qwen/qwen3-vl-30b-a3b-instruct"
      | "qwen/qwen3-vl-30b-a3b-thinking"
      | "qwen/qwen3-vl-32b-instruct"
      | "qwen/qwen3-vl-8b-instruct"
      | "qwen/qwen3-vl-8b-thinking"
      | "qwen/qwen3.5-122b-a10b"
      | "qwen/qwen3.5-27b"
      | "qwen/qwen3.5-35b-a3b"
      | "qwen/qwen3.5-397b-a17b"
      | "qwen/qwen3.5-9b"
      | "qwen/qwen3.5-flash-02-23"
      | "qwen/qwen3.5-plus-02-15"
      | "qwen/qwen3.5-plus-20260420"
      | "qwen/qwen3.6-27b"
      | "qwen/qwen3.6-35b-a3b"
      | "qwen/qwen3.6-flash"
      | "qwen/qwen3.6-max-preview"
      | "qwen/qwen3.6-plus"
      | "qwen/qwen3.7-max"
      | "qwen/qwen3.7-plus"
      | "qwen/qwq-32b"
      | "qwen/qwq-32b-preview"
      | "qwen/qwq-32b-preview:free"
      | "qwen/qwq-32b:free"
      | "qwen2.5-vl-32b-instruct"
      | "qwen2.5-vl-32b-instruct:free"
      | "qwen2.5-vl-72b-instruct:free"
      | "qwen3-14b:free"
      | "qwen3-235b-a22b:free"
      | "qwen3-30b-a3b:free"
      | "qwen3-32b:free"
      | "qwen3-8b:free"
      | "qwerky-72b:free"
      | "qwq-32b"
      | "qwq-32b-arliai-rpr-v1:free"
      | "qwq-32b-preview"
      | "qwq-32b:free"
      | "r1-1776"
      | "raifle/sorcererlm-8x22b"
      | "reka-flash-3:free"
      | "rekaai/reka-edge"
      | "rekaai/reka-flash-3"
      | "rekaai/reka-flash-3:free"
      | "relace/relace-apply-3"
      | "relace/relace-search"
      | "sao10k/fimbulvetr-11b-v2"
      | "sao10k/l3-euryale-70b"
      | "sao10k/l3-lunaris-8b"
      | "sao10k/l3.1-70b-hanami-x1"
      | "sao10k/l3.1-euryale-70b"
      | "sao10k/l3.3-euryale-70b"
      | "sarvam-m:free"
      | "scb10x/llama3.1-typhoon2-70b-instruct"
      | "scb10x/llama3.1-typhoon2-8b-instruct"
      | "shisa-ai/shisa-v2-llama3.3-70b:free"
      | "shisa-v2-llama3.3-70b:free"
      | "sonar-reasoning"
      | "sophosympatheia/midnight-rose-70b"
      | "sophosympatheia/rogue-rose-103b-v0.2:free"
      | "sorcererlm-8x22b"
      | "spotlight"
      | "steelskull/l3.3-electra-r1-70b"
      | "stepfun/step-3.5-flash"
      | "stepfun/step-3.7-flash"
      | "switchpoint/router"
      | "tencent/hunyuan-a13b-instruct"
      | "tencent/hy3-preview"
      | "thedrummer/anubis-pro-105b-v1"
      | "thedrummer/cydonia-24b-v4.1"
      | "thedrummer/rocinante-12b"
      | "thedrummer/skyfall-36b-v2"
      | "thedrummer/unslopnemo-12b"
      | "thudm/glm-4-32b:free"
      | "thudm/glm-z1-32b:free"
      | "toppy-m-7b"
      | "undi95/remm-slerp-l2-13b"
      | "undi95/toppy-m-7b"
      | "upstage/solar-pro-3"
      | "valkyrie-49b-v1"
      | "virtuoso-medium-v2"
      | "writer/palmyra-x5"
      | "x-ai/grok-2-1212"
      | "x-ai/grok-2-vision-1212"
      | "x-ai/grok-3-beta"
      | "x-ai/grok-3-mini-beta"
      | "x-ai/grok-4-fast"
      | "x-ai/grok-4.1-fast:free"
      | "x-ai/grok-4.20"
      | "x-ai/grok-4.20-multi-agent"
      | "x-ai/grok-4.3"
      | "x-ai/grok-beta"
      | "x-ai/grok-build-0.1"
      | "x-ai/grok-code-fast-1"
      | "x-ai/grok-vision-beta"
      | "xiaomi/mimo-v2-flash"
      | "xiaomi/mimo-v2.5"
      | "xiaomi/mimo-v2.5-pro"
      | "xwin-lm/xwin-lm-70b"
      | "yi-large"
      | "z-ai/glm-4.5"
      | "z-ai/glm-4.5-air"
      | "z-ai/glm-4.5v"
      | "z-ai/glm-4.6"
      | "z-ai/glm-4.6v"
      | "z-ai/glm-4.7"
      | "z-ai/glm-4.7-flash"
      | "z-ai/glm-5"
      | "z-ai/glm-5-turbo"
      | "z-ai/glm-5.1"
      | "z-ai/glm-5.2"
      | "z-ai/glm-5.3"
      | "z-ai/glm-5.3-flash"
      | "~anthropic/claude-fable-latest"
      | "~anthropic/claude-haiku-latest"
      | "~anthropic/claude-opus-latest"
      | "~anthropic/claude-sonnet-latest"
      | "~google/gemini-flash-latest"
      | "~google/gemini-pro-latest"
      | "~moonshotai/kimi-latest"
      | "~openai/gpt-latest"
      | "~openai/gpt-mini-latest"
    "groq":
      | "deepseek-r1-distill-llama-70b"
      | "gemma-7b-it"
      | "gemma2-9b-it"
      | "llama-3.1-405b-reasoning"
      | "llama-3.1-70b-versatile"
      | "llama-3.1-8b-instant"
      | "llama-3.2-11b-text-preview"
      | "llama-3.2-11b-vision-preview"
      | "llama-3.2-1b-preview"
      | "llama-3.2-3b-preview"
      | "llama-3.2-90b-text-preview"
      | "llama-3.2-90b-vision-preview"
      | "llama-3.3-70b-specdec"
      | "llama-3.3-70b-versatile"
      | "llama-guard-3-8b"
      | "llama2-70b-4096"
      | "llama3-70b-8192"
      | "llama3-8b-8192"
      | "llama3-groq-70b-8192-tool-use-preview"
      | "llama3-groq-8b-8192-tool-use-preview"
      | "meta-llama/llama-4-maverick-17b-128e-instruct"
      | "meta-llama/llama-4-scout-17b-16e-instruct"
      | "meta-llama/llama-guard-4-12b"
      | "mistral-saba-24b"
      | "mixtral-8x7b-32768"
      | "moonshotai/kimi-k2-instruct"
      | "openai/gpt-oss-120b"
      | "openai/gpt-oss-20b"
      | "qwen/qwen3-32b"
      | "whisper-large-v3"
      | "whisper-large-v3-turbo"
    "mistral":
      | "codestral-2508"
      | "codestral-latest"
      | "devstral-2512"
      | "devstral-small:free"
      | "magistral-medium"
      | "ministral-14b-2512"
      | "ministral-3b"
      | "ministral-3b-2512"
      | "ministral-8b"
      | "ministral-8b-2512"
      | "ministral-8b-latest"
      | "mistral-7b"
      | "mistral-embed"
      | "mistral-large"
      | "mistral-large-2512"
      | "mistral-large-latest"
      | "mistral-medium"
      | "mistral-medium-2312"
      | "mistral-medium-3-5"
      | "mistral-medium-latest"
      | "mistral-nemo"
      | "mistral-nemo:free"
      | "mistral-ocr-2512"
      | "mistral-ocr-4-0"
      | "mistral-ocr-4-1"
      | "mistral-ocr-latest"
      | "mistral-saba"
      | "mistral-small-24b-instruct-2501"
      | "mistral-small-24b-instruct-2501:free"
      | "mistral-small-2603"
      | "mistral-small-3.1-24b-instruct"
      | "mistral-small-3.2-24b-instruct"
      | "mistral-small-latest"
      | "mixtral-8x22b-instruct"
      | "mixtral-8x7b"
      | "pixtral-12b"
      | "pixtral-large-latest"
      | "voxtral-mini-2602"
      | "voxtral-small-24b-2507"
    "xai":
      | "grok-2-vision-1212"
      | "grok-3"
      | "grok-3-fast"
      | "grok-3-mini"
      | "grok-3-mini-fast"
      | "grok-4-0709"
      | "grok-4-1-fast-non-reasoning"
      | "grok-4-1-fast-reasoning"
      | "grok-4-fast-non-reasoning"
      | "grok-4-fast-reasoning"
      | "grok-4.20"
      | "grok-4.20-multi-agent"
      | "grok-4.3"
      | "grok-4.5"
      | "grok-4.6"
      | "grok-build-0.1"
      | "grok-code-fast-1"
      | "grok-voice-latest"
      | "grok-voice-think-fast-2.0"
    "together":
      | "Austism/chronos-hermes-13b"
      | "Gryphe/MythoMax-L2-13b"
      | "Nexusflow/NexusRaven-V2-13B"
      | "NousResearch/Nous-Capybara-7B-V1p9"
      | "NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO"
      | "NousResearch/Nous-Hermes-2-Mixtral-8x7B-SFT"
      | "NousResearch/Nous-Hermes-2-Yi-34B"
      | "NousResearch/Nous-Hermes-Llama2-13b"
      | "NousResearch/Nous-Hermes-llama-2-7b"
      | "Open-Orca/Mistral-7B-OpenOrca"
      | "Qwen/Qwen1.5-0.5B"
      | "Qwen/Qwen1.5-1.8B"
      | "Qwen/Qwen1.5-14B"
      | "Qwen/Qwen1.5-4B"
      | "Qwen/Qwen1.5-72B"
      | "Qwen/Qwen1.5-7B"
      | "Undi95/ReMM-SLERP-L2-13B"
      | "Undi95/Toppy-M-7B"
      | "WizardLM/WizardLM-13B-V1.2"
      | "allenai/OLMo-7B"
      | "codellama/CodeLlama-13b-Instruct-hf"
      | "codellama/CodeLlama-34b-Instruct-hf"
      | "codellama/CodeLlama-70b-Instruct-hf"
      | "codellama/CodeLlama-7b-Instruct-hf"
      | "deepseek-ai/deepseek-coder-33b-instruct"
      | "garage-bAInd/Platypus2-70B-instruct"
      | "google/gemma-2b"
      | "google/gemma-7b"
      | "lmsys/vicuna-13b-v1.5"
      | "lmsys/vicuna-7b-v1.5"
      | "meta-llama/Llama-2-13b-chat-hf"
      | "meta-llama/Llama-2-70b-chat-hf"
      | "meta-llama/Llama-2-7b-chat-hf"
      | "meta-llama/Llama-3-70b-chat-hf"
      | "meta-llama/Llama-3-8b-chat-hf"
      | "meta-llama/Llama-3.3-70B-Instruct-Turbo"
      | "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8"
      | "meta-llama/Llama-4-Scout-17B-16E-Instruct"
      | "meta-llama/Meta-Llama-3-70B-Instruct-Lite"
      | "meta-llama/Meta-Llama-3-70B-Instruct-Turbo"
      | "meta-llama/Meta-Llama-3-8B-Instruct-Lite"
      | "meta-llama/Meta-Llama-3-8B-Instruct-Turbo"
      | "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo"
      | "meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo"
      | "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo"
      | "meta-llama/Meta-Llama-3.3-70B-Instruct-Turbo"
      | "microsoft/WizardLM-2-8x22B"
      | "microsoft/phi-2"
      | "mistralai/Mistral-7B-Instruct-v0.1"
      | "mistralai/Mistral-7B-Instruct-v0.2"
      | "mistralai/Mistral-7B-v0.1"
      | "mistralai/Mixtral-8x22B-Instruct-v0.1"
      | "mistralai/Mixtral-8x7B-Instruct-v0.1"
      | "mistralai/Mixtral-8x7B-v0.1"
      | "openchat/openchat-3.5-1210"
      | "snorkelai/Snorkel-Mistral-PairRM-DPO"
      | "teknium/OpenHermes-2-Mistral-7B"
      | "teknium/OpenHermes-2p5-Mistral-7B"
      | "togethercomputer/GPT-JT-Moderation-6B"
      | "togethercomputer/Llama-2-7B-32K-Instruct"
      | "togethercomputer/RedPajama-INCITE-7B-Base"
      | "togethercomputer/RedPajama-INCITE-7B-Chat"
      | "togethercomputer/RedPajama-INCITE-7B-Instruct"
      | "togethercomputer/RedPajama-INCITE-Base-3B-v1"
      | "togethercomputer/RedPajama-INCITE-Chat-3B-v1"
      | "togethercomputer/RedPajama-INCITE-Instruct-3B-v1"
      | "togethercomputer/StripedHyena-Hessian-7B"
      | "togethercomputer/StripedHyena-Nous-7B"
      | "togethercomputer/alpaca-7b"
      | "upstage/SOLAR-10.7B-Instruct-v1.0"
      | "zero-one-ai/Yi-34B"
      | "zero-one-ai/Yi-6B"
    "fireworks":
      | "accounts/fireworks/models/deepseek-r1-0528"
      | "accounts/fireworks/models/deepseek-v3-0324"
      | "accounts/fireworks/models/deepseek-v3p2"
      | "accounts/fireworks/models/deepseek-v4-flash"
      | "accounts/fireworks/models/deepseek-v4-pro"
      | "accounts/fireworks/models/gemma-3-27b-it"
      | "accounts/fireworks/models/glm-4p7"
      | "accounts/fireworks/models/glm-5p1"
      | "accounts/fireworks/models/glm-5p2"
      | "accounts/fireworks/models/gpt-oss-120b"
      | "accounts/fireworks/models/gpt-oss-20b"
      | "accounts/fireworks/models/inkling"
      | "accounts/fireworks/models/kimi-k2p5"
      | "accounts/fireworks/models/kimi-k2p6"
      | "accounts/fireworks/models/kimi-k2p7-code"
      | "accounts/fireworks/models/kimi-k3"
      | "accounts/fireworks/models/llama-v3p1-8b-instruct"
      | "accounts/fireworks/models/llama-v3p3-70b-instruct"
      | "accounts/fireworks/models/llama4-maverick-instruct-basic"
      | "accounts/fireworks/models/minimax-m2p1"
      | "accounts/fireworks/models/minimax-m2p7"
      | "accounts/fireworks/models/minimax-m3"
      | "accounts/fireworks/models/nemotron-3-ultra-nvfp4"
      | "accounts/fireworks/models/qwen2p5-vl-72b-instruct"
      | "accounts/fireworks/models/qwen3-235b-a22b"
      | "accounts/fireworks/models/qwen3p6-plus"
      | "accounts/fireworks/models/qwen3p7-plus"
      | "accounts/fireworks/routers/glm-5p1-fast"
      | "accounts/fireworks/routers/glm-5p2-fast"
      | "accounts/fireworks/routers/kimi-k2p6-fast"
      | "accounts/fireworks/routers/kimi-k2p7-code-fast"
      | "accounts/fireworks/routers/kimi-k3-fast"
      | "accounts/fireworks/routers/kimi-k3-us"
    "perplexity":
      | "llama-3.1-sonar-large-128k-online"
      | "llama-3.1-sonar-small-128k-online"
      | "r1-1776"
      | "sonar"
      | "sonar-deep-research"
      | "sonar-pro"
      | "sonar-pro-search"
      | "sonar-reasoning"
      | "sonar-reasoning-pro"
    "moonshot":
      | "kimi-k2.5"
      | "kimi-k2.6"
      | "kimi-k2.7-code"
      | "kimi-k2.7-code-highspeed"
      | "kimi-k3"
      | "moonshot-v1-128k"
      | "moonshot-v1-32k"
      | "moonshot-v1-8k"
    "zai":
      | "GLM-5.2"
      | "GLM-5.3"
      | "GLM-5.3-Flash"
      | "glm-5.2"
    "alibaba":
      | "qwen3-max"
    "minimax":
      | "M2-her"
      | "MiniMax-M2"
      | "MiniMax-M2.1-highspeed"
      | "MiniMax-M2.5-highspeed"
      | "MiniMax-M2.7"
      | "MiniMax-M2.7-highspeed"
      | "minimax-01"
      | "minimax-m1"
      | "minimax-m3"
    "siliconflow":
      | "deepseek-ai/DeepSeek-V3"
    "volcengine":
      | "doubao-seed-1-6"
    "poe":
      | "Claude-Sonnet-4.5"
    "cerebras":
      | "gemma-4-31b"
      | "gpt-oss-120b"
      | "llama-3.3-70b"
      | "qwen-3-coder-480b"
    "nvidia":
      | "meta/llama-3.3-70b-instruct"
    "vllm": never
    "llamacpp": never
    "lmstudio": never
    "cohere":
      | "c4ai-aya-expanse-32b"
      | "command"
      | "command-a"
      | "command-a-03-2025"
      | "command-r"
      | "command-r-plus"
      | "command-r7b"
      | "embed-v4.0"
    "ollama": never
    "demo":
      | "demo"
      | "demo-embedding"
      | "demo-fast"
  }

  export { defineConfig, defineStrategy, env, file }
  export type { KnownModel, ModelRef }
  export type { SecretOptions }
  export type { Duration, Money, Secret, Size, TextMatcher }
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
  }
  export type {
    StrategyFunction,
    StrategyFunctionCandidate,
    StrategyFunctionRequest,
    StrategyFunctionResult,
  }
}
