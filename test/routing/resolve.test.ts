import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import { type RouteTable, resolve } from "../../src/routing/resolve.ts"
import { deployment, group, table } from "./parts.ts"

const fast = group("fast", [deployment("p/a", { keys: 2 }), deployment("q/b")])
const dollars = group("price$5", [deployment("p/c")])
const direct = (provider: string, model: string) =>
  provider === "p" ? group(`${provider}/${model}`, [deployment(`${provider}/${model}`)]) : undefined
const routes = table([fast, dollars], { direct })

function refusal(routes: RouteTable, model: string): GatewayError {
  try {
    resolve(routes, model)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
  }
  throw new Error(`${model} was resolved`)
}

describe("resolve", () => {
  test("finds a group by its name, also one that looks like a pin", () => {
    expect(resolve(routes, "fast").group).toBe(fast)
    expect(resolve(routes, "price$5").group).toBe(dollars)
  })

  test("pins channel N, counted from 0 over deployments and then their keys", () => {
    const pinned = [0, 1, 2].map((n) => resolve(routes, `fast$${n}`).pinned?.id)
    expect(pinned).toEqual(["p/a#0", "p/a#1", "q/b#0"])
    expect(resolve(routes, "price$5$0").pinned?.id).toBe("p/c#0")
  })

  test("says which channels there are when the pin is out of range", () => {
    const error = refusal(routes, "fast$3")
    expect(error.status).toBe(404)
    expect(error.message).toContain("channels 0 to 2")
  })

  test.each(["gpt-5", "meta/llama", "qwen3:8b", "a@b", "m$1", "$x"])(
    "takes `p/%s` for a model of the provider, whatever characters it has",
    (model) => {
      expect(resolve(routes, `p/${model}`).group.name).toBe(`p/${model}`)
    },
  )

  test("takes an empty name and `auto` for the default group", () => {
    expect(resolve(routes, "").group).toBe(fast)
    expect(resolve(routes, "auto").group).toBe(fast)
  })

  test("answers 404 with near matches for what does not exist", () => {
    const error = refusal(routes, "fsat")
    expect(error.status).toBe(404)
    expect(error.detail.code).toBe("model_not_found")
    expect(error.message).toContain("Did you mean `fast`?")
    expect(refusal(routes, "nowhere/model").status).toBe(404)
    expect(refusal(routes, "fast$").status).toBe(404)
    expect(refusal(routes, "fast$-1").status).toBe(404)
    expect(refusal(routes, "__proto__").status).toBe(404)
  })

  test("sends unknown names to the default group where the config says so", () => {
    const lenient = table([fast], { unknownModel: "default" })
    expect(resolve(lenient, "gpt-2")).toEqual({ group: fast, unknown: true })
  })

  test("says so when there is no default group", () => {
    const none = table([], { defaultGroup: undefined })
    expect(refusal(none, "").message).toContain("no default group")
  })
})
