import { missing } from "./missing.ts"

/** A seed of this project. */
export const llmRouter = missing({
  name: "llm-router",
  language: "Go",
  source: { registry: "go", package: "github.com/nep-0/llm-router", version: "942557b" },
  unavailable:
    "its go.mod calls it `llm-router`, so `go install` refuses it under the path where it is",
})
