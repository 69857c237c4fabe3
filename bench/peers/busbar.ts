import { missing } from "./missing.ts"

/** The fastest gateway known, by its own benchmark. */
export const busbar = missing({
  name: "busbar",
  language: "Rust",
  source: { registry: "cargo", package: "busbar", version: "0.0.1" },
  unavailable:
    "its crate only reserves the name; the program is given out as an image and as a download",
})
