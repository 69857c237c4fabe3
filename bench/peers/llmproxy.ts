import { missing } from "./missing.ts"

/** A seed of this project. */
export const llmproxy = missing({
  name: "llmproxy",
  language: "Go",
  source: { registry: "go", package: "github.com/piaoranyc/llmproxy", version: "0be9974" },
  unavailable:
    "its go.mod calls it `llmproxy`, so `go install` refuses it under the path where it is",
})
