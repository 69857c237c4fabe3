import type { Parameters } from "./document.ts"

const header = (name: string, description: string, example: string) =>
  ({
    name: `x-llmrouter-${name}`,
    in: "header",
    description,
    schema: { type: "string" },
    example,
  }) as const

/** What a caller may say about its request's way; a JSON body's `llmrouter` takes the same, but for the session. */
export const steering = {
  Strategy: header(
    "strategy",
    "Another strategy: a name or an alias, or `cheap`, `fast`, `best`.",
    "cheap",
  ),
  Fallbacks: header(
    "fallbacks",
    "Groups or `provider/model` instead of the group's own fallbacks.",
    "fast",
  ),
  Tags: header("tags", "Tags that a deployment has to have, with commas.", "eu"),
  Region: header("region", "Where it has to run.", "eu"),
  Timeout: header(
    "timeout",
    "By when the answer has to begin: a duration, or milliseconds.",
    "20s",
  ),
  Session: header("session", "What the conversation is known by, for prompt caches.", "0f3a"),
}

/** The same, as routes name them. */
export const STEERING: Parameters = Object.keys(steering).map((name) => ({
  $ref: `#/components/parameters/${name}`,
}))
