import { describe, expect, test } from "bun:test"
import { spliceModel } from "../../src/transport/model-splice.ts"
import { openRequestBody } from "../../src/transport/request-body.ts"

const NOTHING: ReadonlyMap<string, string> = new Map()
const BODY = '{ "a":1.50,\n "model" : "fast" , "u":"\\u00e9é" }'

function spliced(body: string, model: string, set = NOTHING, remove: readonly string[] = []) {
  const bytes = Buffer.from(body)
  return spliceModel(bytes, openRequestBody(bytes, ["model"]), model, set, remove).toString()
}

describe("a request with another model", () => {
  test.each(["", "m", "a-much-longer-name", 'say "hi"', "a\\b", "línea\n", "模型 😀"])(
    "keeps every byte but its name, also of %j",
    (model) => {
      const expected = BODY.replace('"fast"', () => JSON.stringify(model))
      expect(spliced(BODY, model)).toBe(expected)
      // From what was kept of the first time.
      expect(spliced(BODY, model)).toBe(expected)
    },
  )

  test("is the same bytes, without a copy, where that is its model already", () => {
    const bytes = Buffer.from(BODY)
    expect(spliceModel(bytes, openRequestBody(bytes, ["model"]), "fast", NOTHING, [])).toBe(bytes)
    expect(spliced(BODY, "fas")).toBe(BODY.replace("fast", "fas"))
  })

  test("gets a model where it has none", () => {
    expect(spliced('{"a":1}', "m")).toBe('{"model":"m","a":1}')
  })

  test("loses what is to go, and nothing else where that is not there", () => {
    expect(spliced(BODY, "m", NOTHING, ["a"])).toBe('{\n "model" : "m" , "u":"\\u00e9é" }')
    expect(spliced(BODY, "m", NOTHING, ["b"])).toBe(BODY.replace("fast", "m"))
  })

  test("has what is set with it, which also wins over the model", () => {
    expect(spliced('{"model":"fast"}', "m", new Map([["n", "2"]]))).toBe('{"n":2,"model":"m"}')
    expect(spliced('{"model":"fast"}', "m", new Map([["model", '"own"']]))).toBe('{"model":"own"}')
  })

  test("is made for more names than are kept", () => {
    for (let n = 0; n < 3000; n++)
      expect(spliced('{"model":""}', `m${n}`)).toBe(`{"model":"m${n}"}`)
  })
})
