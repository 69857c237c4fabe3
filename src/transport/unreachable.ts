import { GatewayError } from "../core/error.ts"

/** By the code of what was thrown. */
const REASONS: Readonly<Record<string, string>> = {
  ConnectionRefused: "the connection was refused",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  ConnectionClosed: "the connection was closed",
  ENOTFOUND: "the host name does not resolve",
  FailedToOpenSocket: "the connection could not be opened",
  InvalidAnswer: "its answer is not valid HTTP",
  InvalidRequest: "the request has a header or a path that HTTP forbids",
}

/** What a failure of the network calls itself: `ECONNREFUSED`. */
export function codeOf(thrown: unknown): string | undefined {
  return (thrown as { code?: string } | null)?.code
}

/** A failed connection, as an error that names the host but no path, key or query. */
export function unreachable(url: string, cause: unknown): GatewayError {
  const code = codeOf(cause)
  const reason = (code && REASONS[code]) ?? code ?? "the connection failed"
  return new GatewayError("upstream-unreachable", `Cannot reach ${hostOf(url)}: ${reason}.`, {
    code: "upstream_unreachable",
    cause,
  })
}

/** A connection that was not there in time. @param limit milliseconds */
export function connectTimedOut(url: string, limit: number): GatewayError {
  return new GatewayError(
    "upstream-timeout",
    `Cannot reach ${hostOf(url)}: no connection within ${limit} ms (\`timeouts.connect\`).`,
    { code: "connect_timeout" },
  )
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "the upstream"
}
