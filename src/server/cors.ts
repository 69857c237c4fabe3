import type { CorsSettings } from "../core/settings.ts"

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

/** What the official SDKs send, for a preflight that does not say. `*` would not cover `authorization`. */
const REQUEST_HEADERS = [
  "accept",
  "authorization",
  "content-type",
  "idempotency-key",
  "x-api-key",
  "x-goog-api-key",
  "x-goog-api-client",
  "x-request-id",
  "anthropic-version",
  "anthropic-beta",
  "anthropic-dangerous-direct-browser-access",
  "openai-organization",
  "openai-project",
  "openai-beta",
  "user-agent",
  "x-stainless-arch",
  "x-stainless-helper-method",
  "x-stainless-lang",
  "x-stainless-os",
  "x-stainless-package-version",
  "x-stainless-poll-helper",
  "x-stainless-retry-count",
  "x-stainless-runtime",
  "x-stainless-runtime-version",
  "x-stainless-timeout",
].join(", ")

/** Names in full: browsers read `*` inside a longer name as a plain character. */
const EXPOSED_HEADERS = [
  "x-request-id",
  "request-id",
  "x-llmrouter-deployment",
  "x-llmrouter-attempts",
  "x-llmrouter-cost",
  "x-llmrouter-estimate",
  "x-llmrouter-config",
  "x-llmrouter-warnings",
  "x-llmrouter-continuation",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
].join(", ")

/** Seconds that a browser may remember a preflight; Chromium's own cap. */
const MAX_AGE = "7200"

const HEADER_LIST = /^[a-z0-9!#$%&'*+.^_`|~-]+(\s*,\s*[a-z0-9!#$%&'*+.^_`|~-]+)*$/i
const LONGEST_HEADER_LIST = 4096

type HeaderRecord = Readonly<Record<string, string>>

const NOTHING: HeaderRecord = Object.freeze({})
const UNLISTED: HeaderRecord = Object.freeze({ vary: "Origin" })
const ANYONE: HeaderRecord = Object.freeze({
  "access-control-allow-origin": "*",
  "access-control-expose-headers": EXPOSED_HEADERS,
})

/** The headers that let this origin read a response; for every response, also errors and streams. */
export function corsHeaders(
  settings: CorsSettings | undefined,
  origin: string | null,
): HeaderRecord {
  if (!settings) return NOTHING
  if (origin !== null && isListed(settings, origin)) {
    return {
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": EXPOSED_HEADERS,
      vary: "Origin",
    }
  }
  if (!settings.origins.includes("*")) return UNLISTED
  // With names beside `*` the answer depends on the origin, so a cache has to know.
  return settings.origins.length > 1 ? { ...ANYONE, ...UNLISTED } : ANYONE
}

/** Puts `corsHeaders` onto a response's headers and keeps what `Vary` already says. */
export function applyCors(
  headers: Headers,
  settings: CorsSettings | undefined,
  origin: string | null,
): void {
  for (const [name, value] of Object.entries(corsHeaders(settings, origin))) {
    if (name === "vary") headers.append(name, value)
    else headers.set(name, value)
  }
}

/** The answer to a browser's preflight; undefined when the request is none or CORS is off. */
export function preflight(
  settings: CorsSettings | undefined,
  request: Request,
): Response | undefined {
  if (!settings || request.method !== "OPTIONS") return undefined
  const origin = request.headers.get("origin")
  if (origin === null || !request.headers.has("access-control-request-method")) return undefined

  const headers = new Headers(corsHeaders(settings, origin))
  headers.set("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
  if (headers.has("access-control-allow-origin")) {
    headers.delete("access-control-expose-headers")
    headers.set("access-control-allow-methods", METHODS)
    headers.set("access-control-allow-headers", allowedHeaders(request))
    headers.set("access-control-max-age", MAX_AGE)
  }
  return new Response(null, { status: 204, headers })
}

function allowedHeaders(request: Request): string {
  const asked = request.headers.get("access-control-request-headers")
  const usable = asked && asked.length <= LONGEST_HEADER_LIST && HEADER_LIST.test(asked)
  return usable ? asked : REQUEST_HEADERS
}

/** Whether an origin is one of those that the config names; `*` names none. */
export function isListed(settings: CorsSettings, origin: string): boolean {
  return settings.origins.some((listed) => listed !== "*" && sameOrigin(listed, origin))
}

/** Browsers send an origin in lower case and without a slash; people write it as they like. */
function sameOrigin(listed: string, origin: string): boolean {
  return listed === origin || listed.replace(/\/+$/, "").toLowerCase() === origin.toLowerCase()
}
