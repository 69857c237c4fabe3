import { missing } from "./missing.ts"

/** A seed of this project. */
export const llmio = missing({
  name: "llmio",
  language: "Go",
  source: { registry: "go", package: "github.com/atopos31/llmio", version: "79cdf57" },
  unavailable:
    "it embeds `webui/dist`, which a build of its own makes and its Go module does not hold",
})
