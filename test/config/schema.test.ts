// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a config in JSON spells secrets so.
// biome-ignore-all lint/suspicious/noThenProperty: a key of the config, which nobody awaits
import { describe, expect, test } from "bun:test"
import { Ajv } from "ajv"
import { configJsonSchema } from "../../src/config/json-schema.ts"
import { ConfigSchema } from "../../src/config/schema.ts"
import { providers } from "../../src/providers/index.ts"

const schema = configJsonSchema()
// The annotations are for editors; strict mode knows no unions of types without a keyword for it.
const validate = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile(schema)

const withDemo = (rest: object) => ({ providers: { demo: { type: "demo" } }, ...rest })

describe("the JSON Schema accepts", () => {
  const right: Record<string, object> = {
    "the smallest config": withDemo({}),
    "a schema's address": withDemo({ $schema: "./schema.json" }),
    "durations and sizes as text and as numbers": withDemo({
      timeouts: { connect: "5s", firstByte: 60_000, stall: "1.5m" },
      limits: { body: "64mb", response: 1024 },
    }),
    "a duration from the environment": withDemo({ timeouts: { stall: "${STALL:-5m}" } }),
    "secrets as text": {
      providers: {
        mine: {
          type: "openai-compatible",
          baseUrl: "http://127.0.0.1:1/v1",
          keys: ["${KEY}", "${file:/run/secrets/key}", "plain"],
          headers: { "x-key": "${KEY}" },
        },
      },
    },
    "groups as lists and as objects": withDemo({
      groups: {
        list: ["demo/demo", { provider: "demo", model: "demo", weight: 2 }],
        object: { strategy: "weighted", models: ["demo/demo"], fallbacks: ["list"], retries: 1 },
      },
    }),
    "callers' keys as text and as objects": withDemo({
      auth: { keys: ["${A}", { key: "${B}", name: "b", groups: ["list"] }] },
    }),
    "what routing has": {
      providers: {
        demo: {
          type: "demo",
          region: "eu",
          budget: "$20/day",
          errors: [{ status: [500], body: "/overloaded/i", then: "next-key", cooldown: "30s" }],
          errorMatchers: ["/quota/i", "overloaded"],
          probe: "none",
        },
      },
      groups: {
        a: {
          strategy: "round_robin",
          models: [
            {
              provider: "demo",
              model: "x",
              limits: { rpm: 60 },
              percent: 5,
              capabilities: { tools: false, contextWindow: 8000 },
              price: { input: 1, output: 2 },
            },
          ],
          queue: { max: 5, timeout: "2s" },
          hedge: { delay: "p95" },
          mirror: { group: "b" },
          timeouts: { total: "1m" },
        },
        b: { models: ["demo/x"], hedge: "2s", queue: 5 },
        c: { models: ["demo/x"], hedge: true, tagMatch: "preferred", continuation: true },
      },
      auth: { keys: [{ key: "${B}", name: "b", tags: ["cheap"], region: "eu" }] },
    },
    "no storage": withDemo({ storage: false }),
  }
  for (const [name, config] of Object.entries(right)) {
    test(name, () => {
      validate(config)
      expect(validate.errors ?? []).toEqual([])
    })
  }

  test("every provider type", () => {
    for (const type of providers.keys()) {
      expect(validate({ providers: { x: { type, baseUrl: "http://127.0.0.1:1/v1" } } })).toBe(true)
    }
  })
})

describe("the JSON Schema rejects", () => {
  const wrong: Record<string, [config: object, path: string]> = {
    "no providers": [{}, ""],
    "an unknown key": [withDemo({ grups: {} }), ""],
    "an unknown key inside": [withDemo({ server: { prot: 1 } }), "/server"],
    "an unknown provider type": [{ providers: { x: { type: "opnai" } } }, "/providers/x/type"],
    "an option of another type": [
      { providers: { x: { type: "demo", resource: "mine" } } },
      "/providers/x",
    ],
    "a missing base URL": [{ providers: { x: { type: "openai-compatible" } } }, "/providers/x"],
    "an unknown unit": [withDemo({ timeouts: { stall: "5min" } }), "/timeouts/stall"],
    "a negative duration": [withDemo({ timeouts: { stall: -1 } }), "/timeouts/stall"],
    "a size as a duration": [withDemo({ limits: { body: "5m" } }), "/limits/body"],
    "a port out of range": [withDemo({ server: { port: 70_000 } }), "/server/port"],
    "an empty group": [withDemo({ groups: { fast: [] } }), "/groups/fast"],
    "an unknown strategy": [
      withDemo({ groups: { fast: { strategy: "best", models: ["demo/demo"] } } }),
      "/groups/fast/strategy",
    ],
    "money without its sign": [
      { providers: { x: { type: "demo", budget: "20/day" } } },
      "/providers/x/budget",
    ],
    "a hedge at an unknown quantile": [
      withDemo({ groups: { fast: { models: ["demo/demo"], hedge: "p99" } } }),
      "/groups/fast/hedge",
    ],
    "a deployment's limit over all attempts": [
      withDemo({
        groups: { a: [{ provider: "demo", model: "x", timeouts: { total: "1m" } }] },
      }),
      "/groups/a/0/timeouts",
    ],
    "an empty text to find errors by": [
      { providers: { x: { type: "demo", errorMatchers: [""] } } },
      "/providers/x/errorMatchers/0",
    ],
    "a secret that is a number": [
      { providers: { x: { type: "demo", keys: [1] } } },
      "/providers/x/keys/0",
    ],
  }
  for (const [name, [config, path]] of Object.entries(wrong)) {
    test(name, () => {
      expect(validate(config)).toBe(false)
      expect(validate.errors!.map(({ instancePath }) => instancePath)).toContain(path)
    })
  }
})

test("describes every key and has the defaults", () => {
  const properties = schema["properties"] as Record<string, { description?: string }>
  expect(Object.keys(properties)).toEqual(Object.keys(ConfigSchema.properties))
  const text = JSON.stringify(schema)
  for (const value of ['"default":8080', '"default":"64mb"', '"default":"priority"']) {
    expect(text).toContain(value)
  }
  const undocumented: string[] = []
  walk(schema, "", (node, path) => {
    const isProperty = /\/properties\/[^/]+$/.test(path)
    if (isProperty && !("description" in node) && !("$ref" in node)) undocumented.push(path)
  })
  expect(undocumented).toEqual([])
})

test("every reference leads somewhere", () => {
  const definitions = Object.keys(schema["definitions"] as object)
  const used = new Set<string>()
  walk(schema, "", (node) => {
    if (typeof node["$ref"] === "string") used.add(node["$ref"].replace("#/definitions/", ""))
  })
  expect([...used].sort()).toEqual(definitions.sort())
})

function walk(
  node: unknown,
  path: string,
  visit: (node: Record<string, unknown>, path: string) => void,
): void {
  if (typeof node !== "object" || node === null) return
  visit(node as Record<string, unknown>, path)
  for (const [key, child] of Object.entries(node)) walk(child, `${path}/${key}`, visit)
}
