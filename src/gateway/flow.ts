import { GatewayError } from "../core/error.ts"
import type { IncomingResponse } from "../core/provider.ts"

/** Bytes up to which an answer of known length is read in one piece, which is cheaper. */
const ONE_PIECE = 1024 * 1024

/** The body of an answer as it comes, with the attempt's time limits watching. */
export interface Flow {
  /** The next chunk; undefined at the end. @throws GatewayError when the upstream stalls or breaks off */
  read(): Promise<Uint8Array | undefined>
  /** All of it, up to `limit` bytes. @throws GatewayError as above, and for a larger body */
  readAll(limit: number): Promise<Uint8Array>
  /** Something worth waiting for has come: the stall limit starts anew. */
  progress(): void
  /** Ends the time limits; `cancel` also ends the upstream request. */
  end(cancel: boolean): void
}

export function openFlow(
  response: IncomingResponse,
  signal: AbortSignal,
  limits: Pick<Flow, "progress" | "end">,
): Flow {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined

  function brokenOff(cause: unknown): unknown {
    if (signal.aborted) return signal.reason
    return new GatewayError("upstream-truncated", "The upstream broke off its answer.", {
      code: "upstream_truncated",
      cause,
    })
  }

  async function read(): Promise<Uint8Array | undefined> {
    if (!response.body) return undefined
    reader ??= response.body.getReader()
    try {
      const { done, value } = await reader.read()
      return done ? undefined : value
    } catch (cause) {
      throw brokenOff(cause)
    }
  }

  return {
    read,
    async readAll(limit) {
      const length = Number(response.headers.get("content-length") ?? Number.NaN)
      if (response.bytes && length <= Math.min(ONE_PIECE, limit)) {
        return response.bytes().catch((cause: unknown) => {
          throw brokenOff(cause)
        })
      }
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
    end(cancel) {
      limits.end(cancel)
      if (cancel) reader?.cancel().catch(() => {})
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
