import { json } from "./content.ts"
import type { ResponseOrRef } from "./document.ts"
import { ErrorAnswer } from "./schemas/error.ts"

function failure(
  description: string,
  summary: string,
  error: ErrorAnswer["error"],
  headers?: typeof WAIT,
): ResponseOrRef {
  return {
    description,
    ...(headers && { headers }),
    content: json(ErrorAnswer, { example: { summary, value: { error } } }),
  }
}

const WAIT = { "retry-after": { $ref: "#/components/headers/RetryAfter" } }

/** The errors of all routes, by the name under which routes refer to them. */
export const errorResponses: Record<string, ResponseOrRef> = {
  Invalid: failure("The request is not valid, here or at the upstream.", "A broken body", {
    message: "The request body is not valid JSON: Expected '}'.",
    type: "invalid_request_error",
    param: null,
    code: null,
  }),
  Unauthorized: failure("No key, or one that is not known.", "An unknown key", {
    message: "This key is not known to the router. Send one of auth.keys as a bearer token.",
    type: "invalid_request_error",
    param: null,
    code: "invalid_api_key",
  }),
  Forbidden: failure("The key may not do this.", "A group that the key may not use", {
    message: 'The key "web" may not use the model "smart". It may use "fast".',
    type: "invalid_request_error",
    param: "model",
    code: "model_not_allowed",
  }),
  NotFound: failure("No such model.", "A misspelt model", {
    message: 'The model "smrt" does not exist. Did you mean "smart"?',
    type: "invalid_request_error",
    param: "model",
    code: "model_not_found",
  }),
  TooLarge: failure("The body is larger than `limits.body`.", "A body above the limit", {
    message: "The request body has 70 MB; limits.body allows 64 MB.",
    type: "invalid_request_error",
    param: null,
    code: "request_too_large",
  }),
  RateLimited: failure(
    "Every upstream that could answer is at its limit.",
    "An upstream's limit",
    {
      message: "Rate limit reached for requests. Please try again in 20s.",
      type: "requests",
      param: null,
      code: "rate_limit_exceeded",
    },
    WAIT,
  ),
  Internal: failure("The router failed.", "A fault of the router", {
    message: "The router failed to handle this request.",
    type: "server_error",
    param: null,
    code: null,
  }),
  Upstream: failure("Every attempt failed at its upstream.", "No upstream answered", {
    message: "The upstream could not be reached.",
    type: "server_error",
    param: null,
    code: "upstream_unreachable",
  }),
  Unavailable: failure(
    "No upstream is usable now, or the router is shutting down.",
    "All are cooling down",
    {
      message:
        "No channel of `fast` is usable now (openai/gpt-5.4-mini: its breaker is open). Please try again in 8s.",
      type: "server_error",
      param: null,
      code: "no_channel",
    },
    WAIT,
  ),
  Timeout: failure("The upstream took too long.", "A silent upstream", {
    message: "The upstream sent nothing for 60 s.",
    type: "server_error",
    param: null,
    code: "upstream_timeout",
  }),
}
