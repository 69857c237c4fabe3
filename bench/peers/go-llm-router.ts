import { missing } from "./missing.ts"

/** A seed of this project. */
export const goLlmRouter = missing({
  name: "go-llm-router",
  language: "Go",
  source: { registry: "go", package: "github.com/zqverse0/Go-LLM-Router", version: "795a9d2" },
  unavailable:
    "its go.mod calls it `llm-gateway`, so `go install` refuses it under the path where it is",
})
