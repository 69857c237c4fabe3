import { describe, expect, test } from "bun:test"
import Ajv from "ajv"
import Ajv2020 from "ajv/dist/2020.js"
import { chat } from "./call.ts"

/** Schemas that structured output and tool definitions really use, tricky ones included. */
const SCHEMAS: Record<string, object> = {
  "strict with nested $defs": {
    type: "object",
    properties: {
      steps: { type: "array", items: { $ref: "#/$defs/step" }, minItems: 3 },
      answer: { type: "string" },
    },
    required: ["steps", "answer"],
    additionalProperties: false,
    $defs: {
      step: {
        type: "object",
        properties: { text: { type: "string" }, ok: { type: "boolean" } },
        required: ["text", "ok"],
        additionalProperties: false,
      },
    },
  },
  "a linked list": {
    type: "object",
    properties: { value: { type: "number" }, next: { anyOf: [{ $ref: "#" }, { type: "null" }] } },
    required: ["value", "next"],
    additionalProperties: false,
  },
  "a tree": {
    $ref: "#/definitions/node",
    definitions: {
      node: {
        type: "object",
        properties: {
          name: { type: "string" },
          children: { type: "array", items: { $ref: "#/definitions/node" } },
        },
        required: ["name", "children"],
      },
    },
  },
  "enum, const and types": {
    type: "object",
    properties: {
      unit: { enum: ["celsius", "fahrenheit"] },
      kind: { const: "weather" },
      maybe: { type: ["string", "null"] },
      nothing: { type: "null" },
      flag: { type: "boolean" },
    },
    required: ["unit", "kind", "maybe", "nothing", "flag"],
  },
  "numbers within bounds": {
    type: "object",
    properties: {
      a: { type: "integer", minimum: 7, maximum: 7 },
      b: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
      c: { type: "integer", multipleOf: 5, minimum: 11, maximum: 19 },
      d: { type: "number", maximum: -3 },
      e: { type: "integer", exclusiveMaximum: 0 },
      f: { type: "number", minimum: 0.1, maximum: 0.2 },
    },
    required: ["a", "b", "c", "d", "e", "f"],
  },
  "strings with length, pattern and format": {
    type: "object",
    properties: {
      code: { type: "string", pattern: "^[A-Z]{3}-\\d{2,4}$" },
      choice: { type: "string", pattern: "^(red|green)$" },
      slug: { type: "string", pattern: "^[a-z0-9]+(?:-[a-z0-9]+)*$" },
      short: { type: "string", maxLength: 2 },
      long: { type: "string", minLength: 30 },
      when: { type: "string", format: "date-time" },
      day: { type: "string", format: "date" },
      mail: { type: "string", format: "email" },
      link: { type: "string", format: "uri" },
      id: { type: "string", format: "uuid" },
      address: { type: "string", format: "ipv4" },
    },
    required: [
      "code",
      "choice",
      "slug",
      "short",
      "long",
      "when",
      "day",
      "mail",
      "link",
      "id",
      "address",
    ],
  },
  "arrays with limits": {
    type: "object",
    properties: {
      one: { type: "array", items: { type: "integer" }, maxItems: 1 },
      none: { type: "array", items: { type: "integer" }, maxItems: 0 },
      four: { type: "array", items: { type: "string" }, minItems: 4, uniqueItems: true },
      set: { type: "array", items: { enum: ["a", "b", "c"] }, minItems: 3, uniqueItems: true },
    },
    required: ["one", "none", "four", "set"],
  },
  "allOf and oneOf": {
    allOf: [
      { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
      { $ref: "#/$defs/b" },
    ],
    $defs: {
      b: {
        type: "object",
        properties: { b: { oneOf: [{ type: "integer" }, { type: "object", required: ["x"] }] } },
        required: ["b"],
      },
    },
  },
  "required names without a property": {
    type: "object",
    required: ["free"],
    additionalProperties: { type: "integer" },
    minProperties: 3,
  },
}

/** Formats are judged by how they look; the schemas' own `format` is left to these. */
const FORMATS = {
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  date: /^\d{4}-\d\d-\d\d$/,
  email: /^[^@ ]+@[^@ ]+\.[a-z]+$/,
  uri: /^https:\/\/\S+$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
}

const format = (schema: object) => ({
  response_format: { type: "json_schema", json_schema: { name: "it", strict: true, schema } },
})

describe("structured output", () => {
  const ajv = new Ajv({ strict: false, formats: FORMATS })
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    test(`is valid for a schema with ${name}, whatever the prompt`, async () => {
      const validate = ajv.compile(schema)
      for (const prompt of [
        "hi",
        'In Zürich it is 21.5 degrees, "or so" says Ada Lovelace',
        "-4 0 99",
      ]) {
        const { status, json } = await chat(prompt, format(schema))
        expect(status).toBe(200)
        const value = JSON.parse(json.choices[0].message.content)
        validate(value)
        expect(validate.errors ?? []).toEqual([])
      }
    })
  }

  test("is valid for tuples of the 2020 draft", async () => {
    const schema = {
      type: "array",
      prefixItems: [{ type: "integer" }, { type: "string" }],
      items: false,
      minItems: 2,
    }
    const { json } = await chat("hi", format(schema))
    const validate = new Ajv2020({ strict: false }).compile(schema)
    validate(JSON.parse(json.choices[0].message.content))
    expect(validate.errors ?? []).toEqual([])
  })

  test("keeps the schema's order and uses the prompt's words", async () => {
    const schema = {
      type: "object",
      properties: {
        city: { type: "string" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
        days: { type: "integer" },
      },
      required: ["days", "city", "unit"],
    }
    const { json } = await chat("Forecast for Paris in fahrenheit, next 4 days", format(schema))
    expect(json.choices[0].message.content).toBe('{"city":"Paris","unit":"fahrenheit","days":4}')
  })

  test("with a schema that allows nothing, points nowhere or has no end is a 400", async () => {
    for (const schema of [
      { $ref: "#/$defs/nowhere" },
      { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] },
      { type: "integer", minimum: 5, maximum: 4 },
      { type: "array", items: { $ref: "#" }, minItems: 2 },
      { type: "array", items: { type: "null" }, minItems: 1e9 },
      { type: "string", minLength: 1e9 },
      { type: "string", pattern: "^a{1000000000}$" },
    ]) {
      const { status, json } = await chat("hi", format(schema))
      expect([status, json.error.param]).toEqual([400, "response_format"])
    }
  })
})
