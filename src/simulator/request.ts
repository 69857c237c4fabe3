/** A request of the virtual callers: the same one for every strategy. */
export interface VirtualRequest {
  readonly index: number
  /** Virtual milliseconds. */
  readonly at: number
  /** What its conversation is known by; undefined when it has one turn only. */
  readonly session: string | undefined
  readonly caller: string
  readonly stream: boolean
  /** Tokens of the whole prompt, and of the answer. */
  readonly input: number
  readonly output: number
  /** Size of the body, from which the router guesses the tokens. */
  readonly bytes: number
  /** How much longer than the median its first token takes, wherever it goes. */
  readonly difficulty: number
}
