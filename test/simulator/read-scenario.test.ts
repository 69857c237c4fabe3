import { describe, expect, test } from "bun:test"
import { readScenario, ScenarioError } from "../../src/simulator/read-scenario.ts"
import { plainScenario } from "./virtual.ts"

const plain = plainScenario({ "north/large": {} })

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof ScenarioError) return thrown.message
    throw thrown
  }
  return "nothing was wrong"
}

/** What is said of the plain scenario with a change. */
function complaint(change: (scenario: Record<string, unknown>) => void): string {
  const scenario = JSON.parse(JSON.stringify(plain)) as Record<string, unknown>
  change(scenario)
  return messageOf(() => readScenario(JSON.stringify(scenario), "a.json"))
}

describe("a scenario", () => {
  test("is read from JSON, JSON with comments and YAML", () => {
    const json = JSON.stringify(plain)
    expect(readScenario(json, "a.json")).toEqual(plain)
    expect(readScenario(`// a comment\n${json.replace(/\}$/, ",}")}`, "a.jsonc")).toEqual(plain)
    expect(readScenario(Bun.YAML.stringify(plain), "a.yaml")).toEqual(plain)
  })

  test("that is no document is refused", () => {
    expect(messageOf(() => readScenario("{", "a.json"))).toStartWith("a.json cannot be read: ")
    expect(messageOf(() => readScenario("a: [", "a.yml"))).toStartWith("a.yml cannot be read: ")
  })

  test("with an unknown key is refused with one that is like it", () => {
    const said = complaint((scenario) => {
      Object.assign((scenario["upstreams"] as Record<string, object>)["north/large"]!, { tfft: 1 })
    })
    expect(said).toBe(
      "a.json: upstreams.north/large.tfft: there is no such key; did you mean `ttft`?",
    )
  })

  test("with a wrong value is refused with what the value means", () => {
    const said = complaint((scenario) => {
      Object.assign(scenario["workload"] as object, { stream: 2 })
    })
    expect(said).toContain("a.json: workload.stream: ")
    expect(said).toContain("and not 2")
    expect(said).toContain("Share of the requests that stream")
  })

  test("with an unknown kind of outage is told which there are", () => {
    const outages = [{ from: "1m", to: "2m", error: "fire" }]
    const said = complaint((scenario) => {
      Object.assign((scenario["upstreams"] as Record<string, object>)["north/large"]!, { outages })
    })
    expect(said).toContain("`server-error`, `refused`, `unreachable`, `hang`, `unauthorized`")
  })
})
