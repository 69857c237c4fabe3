/** What a strategy function in the config is told of a request. */
export interface StrategyFunctionRequest {
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
export interface StrategyFunctionCandidate {
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
export type StrategyFunction = (input: {
  readonly request: StrategyFunctionRequest
  readonly candidates: readonly StrategyFunctionCandidate[]
}) => StrategyFunctionResult | Promise<StrategyFunctionResult>

/** Candidates or their ids, best first; one alone is the best; undefined keeps the config order. */
export type StrategyFunctionResult =
  | readonly (StrategyFunctionCandidate | string)[]
  | StrategyFunctionCandidate
  | string
  | undefined
