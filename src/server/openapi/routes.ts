import { adminDocs, refused } from "./admin.ts"
import { ADMIN, CALLER, json, PUBLIC, plain } from "./content.ts"
import type { Example, Parameters, RouteDoc } from "./document.ts"
import { Health, Probe, Reload } from "./schemas/health.ts"
import { Model, ModelList } from "./schemas/models.ts"

const fast: Model = { id: "fast", object: "model", created: 1790000000, owned_by: "llmrouter" }
const mini: Model = { ...fast, id: "openai/gpt-5.4-mini" }

const healthy: Example<Health> = {
  summary: "All is well",
  value: {
    status: "ok",
    version: "0.1.0",
    config: { version: "3f9c1a7be204" },
    deployments: { ready: 3, paused: 0, open: 0, keyless: 0 },
  },
}

const degraded: Example<Health> = {
  summary: "A deployment rests, and the last reload failed",
  value: {
    status: "degraded",
    version: "0.1.0",
    config: {
      version: "3f9c1a7be204",
      reload: {
        ok: false,
        time: "2026-11-20T08:15:30.000Z",
        mistakes: [
          {
            code: "LR2041",
            message: 'The group "fast" has no models.',
            at: "llmrouter.config.ts:7:12",
          },
        ],
      },
    },
    deployments: { ready: 2, paused: 1, open: 0, keyless: 0 },
  },
}

const reloaded: Example<Reload> = {
  summary: "The new config is live",
  value: { status: "reloaded", config: "3f9c1a7be204" },
}

const rejected: Example<Reload> = {
  summary: "The old config stays",
  value: {
    status: "failed",
    config: "90b1c2d3e4f5",
    problems: [
      {
        code: "LR2041",
        severity: "error",
        message: 'The group "fast" has no models.',
        file: "/srv/llmrouter.config.ts",
        line: 7,
        column: 12,
        hint: 'Add a model such as "openai/gpt-5.4-mini".',
      },
    ],
  },
}

const MODEL_PARAMETER: Parameters = [
  {
    name: "model",
    in: "path",
    required: true,
    description: "A group, or `provider/model`. Slashes may be written as they are or as `%2F`.",
    schema: { type: "string" },
    example: "fast",
  },
]

/** What the OpenAPI page says about the routes that call no model. */
export const routeDocs = {
  models: {
    operationId: "listModels",
    summary: "List the models",
    description:
      "The groups that your key may use, then `provider/model` ids where the config exposes them.",
    tags: ["Models"],
    security: CALLER,
    responses: {
      200: plain(
        "The names, in config order.",
        json(ModelList, {
          models: {
            summary: "A group and a model",
            value: { object: "list", data: [fast, mini] } satisfies ModelList,
          },
        }),
      ),
      ...refused,
    },
  },
  model: {
    operationId: "getModel",
    summary: "Look one model up",
    description: "Whether this name can be used as `model`.",
    tags: ["Models"],
    security: CALLER,
    parameters: MODEL_PARAMETER,
    responses: {
      200: plain("The model.", json(Model, { group: { summary: "A group", value: fast } })),
      ...refused,
      404: { $ref: "#/components/responses/NotFound" },
    },
  },
  health: {
    operationId: "getHealth",
    summary: "How the router is",
    description: "Its status, the live config, and the deployments by state.",
    tags: ["Health"],
    security: PUBLIC,
    responses: { 200: plain("The state.", json(Health, { healthy, degraded })) },
  },
  live: {
    operationId: "getLiveness",
    summary: "Whether the process is alive",
    description: "For a liveness probe: restart when it does not answer.",
    tags: ["Health"],
    security: PUBLIC,
    responses: {
      200: plain("It is.", json(Probe, { ok: { summary: "Alive", value: { status: "ok" } } })),
    },
  },
  ready: {
    operationId: "getReadiness",
    summary: "Whether to send requests here",
    description: "For a readiness probe: 503 while the router starts or shuts down.",
    tags: ["Health"],
    security: PUBLIC,
    responses: {
      200: plain("Yes.", json(Probe, { ok: { summary: "Ready", value: { status: "ok" } } })),
      503: plain(
        "Not now.",
        json(Probe, { draining: { summary: "Shutting down", value: { status: "draining" } } }),
      ),
    },
  },
  reload: {
    operationId: "reloadConfig",
    summary: "Load the config again",
    description:
      "Swaps the new config in at once; requests in flight finish on the old one. A config with mistakes changes nothing.",
    tags: ["Admin"],
    security: ADMIN,
    responses: {
      200: plain("The new config is live.", json(Reload, { reloaded })),
      ...refused,
      422: plain("The file has mistakes; the old config stays.", json(Reload, { rejected })),
    },
  },
  ...adminDocs,
} as const satisfies Record<string, RouteDoc>
