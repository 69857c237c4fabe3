import { missing } from "./missing.ts"

/** The Linux Foundation's gateway. */
export const agentgateway = missing({
  name: "agentgateway",
  language: "Rust",
  source: { registry: "cargo", package: "agentgateway", version: "1.3.1" },
  unavailable:
    "no crate of it is published; the program is given out as an image and as a download",
})
