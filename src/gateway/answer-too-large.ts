import { GatewayError } from "../core/error.ts"

/** Why an answer is not held in memory. @param limit bytes */
export function answerTooLarge(limit: number): GatewayError {
  return new GatewayError(
    "upstream-invalid",
    `The upstream's answer is larger than ${limit} bytes (\`limits.response\`).`,
    { code: "upstream_too_large" },
  )
}
