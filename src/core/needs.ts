/** What a request may need of a model. */
export const NEEDS = [
  "tools",
  "parallel-tools",
  "vision",
  "audio",
  "documents",
  "video",
  "json-schema",
  "reasoning",
  "streaming",
] as const
export type Need = (typeof NEEDS)[number]

/** What one request needs. A set is one; the gateway's looks into the body only when it is asked. */
export interface Needs extends Iterable<Need> {
  has(need: Need): boolean
}
