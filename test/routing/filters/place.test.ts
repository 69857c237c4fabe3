import { describe, expect, test } from "bun:test"
import { deployment } from "../parts.ts"
import { told } from "./objecting.ts"

describe("tags", () => {
  const plain = deployment("a/plain")
  const eu = deployment("b/eu", { tags: ["eu"] })
  const cheap = deployment("c/cheap", { tags: ["eu", "cheap"] })
  const all = [plain, eu, cheap]

  test("of a request must all be a deployment's own", () => {
    expect(told(all, { tags: ["eu", "cheap"] })).toEqual([
      "has not the tags eu, cheap",
      "has not the tag cheap",
      undefined,
    ])
  })

  test("are a wish where the group says so", () => {
    expect(told(all, { tags: ["cheap"] }, { group: { tagMatch: "preferred" } })).toEqual([
      "has not the tag cheap ?",
      "has not the tag cheap ?",
      undefined,
    ])
  })

  test("of deployments mean nothing to a request without any", () => {
    expect(told(all)).toEqual([undefined, undefined, undefined])
  })

  test("`default` says where requests without tags go first", () => {
    const usual = deployment("d/usual", { tags: ["default"] })
    expect(told([plain, usual])).toEqual(["is not tagged default ?", undefined])
    expect(told([plain, usual, eu], { tags: ["eu"] })).toEqual([
      "has not the tag eu",
      "has not the tag eu",
      undefined,
    ])
  })

  test("are a condition that nothing makes up for", () => {
    expect(told([plain], { tags: ["eu"] })).toEqual(["has not the tag eu"])
  })
})

describe("a region", () => {
  const regions = ["eu", "eu-west-1", "EU-central-2", "europe-west4", "us-east-1"]
  const deployments = regions.map((region, n) => deployment(`p${n}/m`, { region }))

  test.each([
    ["eu", ["eu", "eu-west-1", "EU-central-2"]],
    ["eu-west", ["eu-west-1"]],
    ["europe-west4", ["europe-west4"]],
    ["asia", []],
  ])("%s is where a request stays", (region, expected) => {
    const found = told(deployments, { region })
    expect(regions.filter((_, n) => found[n] === undefined)).toEqual(expected)
  })

  test("that is not known is not the right one", () => {
    expect(told([deployment("a/somewhere")], { region: "eu" })).toEqual([
      "is not known to run in eu",
    ])
    expect(told([deployment("a/us", { region: "us" })], { region: "eu" })).toEqual([
      "runs in us, not in eu",
    ])
  })

  test("is asked for by nobody who does not say so", () => {
    expect(told(deployments)).toEqual(regions.map(() => undefined))
  })
})
