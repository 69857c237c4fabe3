import { defineProvider, OPENAI_OPERATIONS } from "../define.ts"

/** The embedded upstream: answers without any key or network. */
export const demo = defineProvider({
  type: "demo",
  description: "An embedded upstream that answers without any key, for trying things out",
  speaks: OPENAI_OPERATIONS,
  baseUrl: "demo://local/v1",
  keyless: true,
  env: [],
  models: ["demo", "demo-embedding"],
  starters: ["demo"],
  open: () => {
    throw new Error("not there yet")
  },
})
