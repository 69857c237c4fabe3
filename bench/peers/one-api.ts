import { missing } from "./missing.ts"

/** The oldest of the Go gateways. */
export const oneApi = missing({
  name: "one-api",
  language: "Go",
  source: { registry: "go", package: "github.com/songquanpeng/one-api", version: "v0.6.10" },
  unavailable:
    "it embeds `web/build`, which a build of its own makes and its Go module does not hold",
})
