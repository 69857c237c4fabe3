import * as t from "../../core/typebox.ts"
import { NEEDS } from "../../core/routing.ts"
import { Plan } from "../../gateway/plan.ts"
import { ADMIN, json, plain } from "./content.ts"
import type { Example, Parameters, RouteDoc } from "./document.ts"
import { HealthReport } from "./schemas/channels.ts"

/** What routes answer that not everybody may use. */
export const refused = {
  401: { $ref: "#/components/responses/Unauthorized" },
  403: { $ref: "#/components/responses/Forbidden" },
}

const limited: Example<HealthReport> = {
  summary: "One key is rate limited",
  value: {
    time: "2026-11-20T08:15:30.000Z",
    deployments: [
      {
        deployment: "openai/gpt-5.4-mini",
        groups: ["fast"],
        breaker: { state: "closed", failures: 0, opened: 0, recovery: 8200 },
        tags: [],
        lacks: [],
        window: 400000,
        limits: { rpm: 500 },
        traffic: { inFlight: 2, requests: 48, tokens: 51200, success: 0.99, ttft: 412.5 },
        channels: [
          {
            channel: "openai/gpt-5.4-mini#1c9b2f",
            state: "paused",
            until: "2026-11-20T08:15:52.000Z",
            reason: "rate-limit",
            since: "2026-11-20T08:15:22.000Z",
            rejections: 0,
            traffic: { inFlight: 0, requests: 31, tokens: 40100, success: 1, ttft: 430 },
            told: { requests: { limit: 500, remaining: 0, reset: "2026-11-20T08:15:52.000Z" } },
          },
        ],
      },
    ],
  },
}

const planned: Example<Plan> = {
  summary: "The first cannot take images",
  value: {
    group: "fast",
    request: {
      operation: "chat",
      stream: true,
      inputTokens: 1200,
      needs: ["vision", "streaming"],
      tags: [],
    },
    groups: [
      {
        group: "fast",
        strategy: "priority",
        candidates: [
          { channel: "openai/gpt-5.4-mini#1c9b2f", state: "ready", place: 1, score: -1 },
          {
            channel: "local/qwen3:8b#-",
            state: "ready",
            skipped: { filter: "capability", why: "lacks vision", last: false },
          },
        ],
        keyless: [],
      },
    ],
  },
}

const query = (name: string, description: string, example?: string) =>
  ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
    ...(example !== undefined && { example }),
  }) as const

const FACTS: Parameters = [
  query("model", "A group, `group$N`, `group:strategy` or `provider/model`.", "fast"),
  query("tokens", "Tokens of the input."),
  query("max-tokens", "The output limit."),
  query("tag", "A tag; may be repeated."),
  query("region", "Where it has to stay."),
  query("session", "What its conversation is known by."),
  query("operation", "`chat` when absent."),
  ...NEEDS.map((need) => query(need, `Whether it needs ${need}.`)),
]

const REAL: Parameters = [
  query("path", "Where it would be posted; `/v1/chat/completions` when absent.", "/v1/messages"),
  query("key", "Name of the caller's key; anybody's when absent."),
]

/** What the OpenAPI page says about looking into routing. */
export const adminDocs = {
  channels: {
    operationId: "getChannels",
    summary: "How every channel is",
    description:
      "Each deployment and each of its keys: usable or not, why not, until when, and what was measured of it.",
    tags: ["Admin"],
    security: ADMIN,
    responses: {
      200: plain("The state now.", json(HealthReport, { limited })),
      ...refused,
    },
  },
  explainFacts: {
    operationId: "explainFacts",
    summary: "Where a request would go",
    description:
      "Decides as for a real request of which only this much is said, and sends nothing: every channel with its place, its score, and what is against it.",
    tags: ["Admin"],
    security: ADMIN,
    parameters: FACTS,
    responses: {
      200: plain("The plan.", json(Plan, { planned })),
      ...refused,
      404: { $ref: "#/components/responses/NotFound" },
    },
  },
  explain: {
    operationId: "explainRequest",
    summary: "Where this request would go",
    description:
      "Takes the body of a real request, with its `x-llmrouter-*` headers, and sends it nowhere. `path` says where it would be posted; `key` names the caller's key.",
    tags: ["Admin"],
    security: ADMIN,
    parameters: REAL,
    requestBody: {
      required: true,
      content: json(t.Object({ model: t.String() }), {
        chat: {
          summary: "A request as it would be posted",
          value: { model: "fast", messages: [{ role: "user", content: "Hello" }] },
        },
      }),
    },
    responses: {
      200: plain("The plan.", json(Plan, { planned })),
      ...refused,
      404: { $ref: "#/components/responses/NotFound" },
    },
  },
} as const satisfies Record<string, RouteDoc>
