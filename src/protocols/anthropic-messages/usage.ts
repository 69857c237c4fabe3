import type { CanonicalUsage } from "../../core/canonical.ts"
import type { Usage } from "../../core/usage.ts"
import { type Fields, isRecord } from "./wire.ts"

/** Largest count that is believed; beyond it an upstream talks nonsense. */
const MOST = 1_000_000_000

/**
 * Puts the usage of one answer together. A stream tells it twice; what is said of the input belongs
 * together and is taken from the event with the larger cache counts, since some compatible servers
 * split the same tokens differently.
 */
export interface UsageMeter {
  take(usage: unknown): void
  /** Undefined until something was counted. */
  readonly canonical: CanonicalUsage | undefined
  /** The same as the ledger keeps it. */
  readonly usage: Usage | undefined
}

interface InputCounts {
  fresh: number
  cacheRead: number
  cacheWrite: number
  cacheWriteLong: number
}

export function createUsageMeter(): UsageMeter {
  return new Meter()
}

/** A class, since every answer has one. */
class Meter implements UsageMeter {
  #input: InputCounts | undefined
  #output: number | undefined
  #reasoning = 0

  take(value: unknown): void {
    if (!isRecord(value)) return
    const counted = readInput(value)
    if (counted && (!this.#input || isFuller(counted, this.#input))) this.#input = counted
    const answered = count(value["output_tokens"])
    if (answered !== undefined) this.#output = Math.max(this.#output ?? 0, answered)
    const details = value["output_tokens_details"]
    const thought = isRecord(details) ? (count(details["thinking_tokens"]) ?? 0) : 0
    this.#reasoning = Math.max(this.#reasoning, thought)
  }

  get canonical(): CanonicalUsage | undefined {
    const { usage } = this
    const { cacheWriteLong } = this.#input ?? NOTHING
    return usage && cacheWriteLong > 0 ? { ...usage, cacheWriteLong } : usage
  }

  get usage(): Usage | undefined {
    if (!this.#input && this.#output === undefined) return undefined
    const { fresh, cacheRead, cacheWrite } = this.#input ?? NOTHING
    return {
      input: fresh + cacheRead + cacheWrite,
      output: this.#output ?? 0,
      cacheRead,
      cacheWrite,
      reasoning: this.#reasoning,
    }
  }
}

const NO_CREATION: Fields = Object.freeze({})
const NOTHING: InputCounts = { fresh: 0, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0 }

function readInput(value: Fields): InputCounts | undefined {
  const fresh = count(value["input_tokens"])
  const cacheRead = count(value["cache_read_input_tokens"])
  const cacheWrite = count(value["cache_creation_input_tokens"])
  const creation = isRecord(value["cache_creation"]) ? value["cache_creation"] : NO_CREATION
  const short = count(creation["ephemeral_5m_input_tokens"]) ?? 0
  const long = count(creation["ephemeral_1h_input_tokens"]) ?? 0
  if (fresh === undefined && cacheRead === undefined && cacheWrite === undefined) return undefined
  return {
    fresh: fresh ?? 0,
    cacheRead: cacheRead ?? 0,
    cacheWrite: Math.max(cacheWrite ?? 0, short + long),
    cacheWriteLong: long,
  }
}

function isFuller(counted: InputCounts, before: InputCounts): boolean {
  const cached = counted.cacheRead + counted.cacheWrite - before.cacheRead - before.cacheWrite
  if (cached !== 0) return cached > 0
  return counted.fresh > before.fresh
}

function count(value: unknown): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return undefined
  return Math.min(Math.round(value), MOST)
}

/** Token counts as an answer has them: the input without what the cache gave or took. Zeros where nothing is known. */
export function writeUsage(usage: CanonicalUsage | undefined): Fields {
  const { input, output, cacheRead, cacheWrite, cacheWriteLong = 0, reasoning } = usage ?? NO_USAGE
  return {
    input_tokens: Math.max(0, input - cacheRead - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: Math.max(0, cacheWrite - cacheWriteLong),
      ephemeral_1h_input_tokens: cacheWriteLong,
    },
    output_tokens: output,
    ...(reasoning > 0 && { output_tokens_details: { thinking_tokens: reasoning } }),
  }
}

const NO_USAGE: CanonicalUsage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 }
