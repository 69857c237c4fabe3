import { GatewayError } from "../core/error.ts"
import type { EndSignal } from "../core/life.ts"
import type { IncomingResponse } from "../core/provider.ts"

/** Bytes and milliseconds that a finished stream may take to end by itself, which saves its connection. */
const TAIL_BYTES = 64 * 1024
const TAIL_TIME = 1000

/** The time limits of one attempt. */
export interface Limits {
  /** The upstream is being waited for. */
  wait(): void
  /** It has sent something: until the next `wait`, time is the client's. */
  pause(): void
  /** Something worth waiting for has come: the limit starts anew. */
  progress(): void
  /** No more limits; `cancel` also ends the upstream request. */
  end(cancel: boolean): void
}

/** The body of an answer as it comes, with the attempt's time limits watching. */
export interface Flow {
  /** The next chunk; undefined at the end. @throws GatewayError when the upstream stalls or breaks off */
  read(): Promise<Uint8Array | undefined>
  /** All of it, up to `limit` bytes. @throws GatewayError as above, and for a larger body */
  readAll(limit: number): Promise<Uint8Array>
  progress(): void
  /** Everything of interest was read: lets the upstream end by itself, for a moment. */
  settle(): void
  /** Ends the upstream request. */
  cancel(): void
}

export function openFlow(response: IncomingResponse, signal: EndSignal, limits: Limits): Flow {
  const { body } = response

  function brokenOff(cause: unknown): unknown {
    if (signal.aborted) return signal.reason
    return new GatewayError("upstream-truncated", "The upstream broke off its answer.", {
      code: "upstream_truncated",
      cause,
    })
  }

  async function read(): Promise<Uint8Array | undefined> {
    if (!body) return undefined
    limits.wait()
    try {
      return await body.read()
    } catch (cause) {
      throw brokenOff(cause)
    } finally {
      limits.pause()
    }
  }

  async function readTail(): Promise<void> {
    const timer = setTimeout(() => limits.end(true), TAIL_TIME)
    try {
      let left = TAIL_BYTES
      for (let chunk = await read(); chunk && left > 0; chunk = await read()) left -= chunk.length
    } catch {
      // It was over anyway.
    }
    clearTimeout(timer)
    limits.end(true)
  }

  return {
    read,
    async readAll(limit) {
      const parts: Uint8Array[] = []
      let size = 0
      for (let chunk = await read(); chunk; chunk = await read()) {
        limits.progress()
        size += chunk.length
        if (size > limit) throw tooLarge(limit)
        parts.push(chunk)
      }
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    },
    progress: limits.progress,
    settle: () => void readTail(),
    cancel() {
      limits.end(true)
      body?.cancel()
    },
  }
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError(
    "upstream-invalid",
    `The upstream's answer is larger than ${limit} bytes (\`limits.response\`).`,
    { code: "upstream_too_large" },
  )
}
