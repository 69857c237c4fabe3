import type { Operation } from "../../core/operation.ts"
import type { Filter } from "./filter.ts"

/** How many windows an input must seem to fill before it is not even tried: guesses are that wrong at most. */
const FAR = 2

/** Where input and output are one conversation; an embedding's inputs each have a window of their own. */
const OPERATIONS: ReadonlySet<Operation> = new Set<Operation>(["chat", "completion"])

/** Whether the request fits into the model's context window. */
export const window: Filter = {
  name: "window",
  scope: "deployment",
  concerns: ({ window }) => window !== undefined,
  checker(request) {
    if (!OPERATIONS.has(request.operation)) return undefined
    const output = request.maxTokens ?? 0
    return ({ deployment: { window } }) => {
      // No token is shorter than a byte.
      if (window === undefined || request.bytes + output <= window) return undefined
      const { inputTokens } = request
      const all = inputTokens + output
      if (all <= window) return undefined
      const why = `has a context window of ${window} tokens, less than about ${all}`
      return inputTokens > FAR * window ? { why, guess: inputTokens / window } : { why, soft: true }
    }
  },
}
