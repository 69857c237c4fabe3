import { missing } from "./missing.ts"

/** TensorZero's gateway. */
export const tensorzero = missing({
  name: "tensorzero",
  language: "Rust",
  source: { registry: "cargo", package: "tensorzero", version: "0.0.0" },
  unavailable:
    "its crate only reserves the name, and its Python package is a client; the gateway is given out as an image",
})
