import type { GatewayError } from "../core/error.ts"
import type { Deployment } from "../core/routing.ts"
import type { Candidate, Candidates } from "./candidates.ts"
import type { Detour } from "./chain.ts"

/** Which candidates are right for a request, as far as it has learned from being refused. */
export interface Fit {
  /** Undefined until the request was refused for what it is. */
  readonly detour: Detour | undefined
  /** Whether a candidate is right, whatever its health, of a group that this detour led to. */
  admits(candidate: Candidate, detour: Detour | undefined): boolean
  /** Whether a deployment is known to take more than one that it was too long for. */
  isLarger(deployment: Deployment, failed: Deployment, error: GatewayError): boolean
  /** A deployment has refused it: its model is not asked again. */
  refused(detour: Detour, deployment: Deployment, error: GatewayError): void
  /** Whether all that is left of a group is taken to be far too small for it. */
  isTooSmall(candidates: Candidates): boolean
  /** Leaves the groups alone that were looked at so far, on a guess. */
  avoid(detour: Detour): void
  /** Takes that back, since it was only a guess. @returns whether there was anything to take back */
  forgive(): boolean
}

export function createFit(): Fit {
  return new LearnedFit()
}

/** A class, since every request has one. */
class LearnedFit implements Fit {
  detour: Detour | undefined
  #models: Set<string> | undefined
  /** Tokens that were too few; 0 is not known. */
  #window = 0
  #guessed = false

  admits({ objection, channel: { deployment } }: Candidate, way: Detour | undefined): boolean {
    if (objection && !objection.soft) return false
    if (this.detour === undefined) return true
    if (this.detour === "context-length" && this.#window > 0 && deployment.window !== undefined) {
      return deployment.window > this.#window
    }
    return way === this.detour && this.#models?.has(deployment.model) !== true
  }

  isLarger(deployment: Deployment, failed: Deployment, error: GatewayError): boolean {
    const least = Math.max(this.#window, tooFew(failed, error))
    return least > 0 && deployment.window !== undefined && deployment.window > least
  }

  refused(why: Detour, failed: Deployment, error: GatewayError): void {
    this.detour = why
    this.#guessed = false
    this.#models ??= new Set()
    this.#models.add(failed.model)
    this.#window = Math.max(this.#window, tooFew(failed, error))
  }

  isTooSmall({ all }: Candidates): boolean {
    let found = false
    for (const { objection } of all) {
      const tooSmall = objection?.filter === "window" && objection.guess !== undefined
      if (!tooSmall && (!objection || objection.soft)) return false
      found ||= tooSmall
    }
    return found && this.detour === undefined
  }

  avoid(why: Detour): void {
    this.detour = why
    this.#guessed = true
  }

  forgive(): boolean {
    if (!this.#guessed) return false
    this.#guessed = false
    this.detour = undefined
    return true
  }
}

/** Tokens that are not enough, by what is known of the model and what it said; 0 is not known. */
function tooFew({ window = 0 }: Deployment, { detail: { tokens } }: GatewayError): number {
  return Math.max(window, tokens?.limit ?? 0, tokens?.given ?? 0)
}
