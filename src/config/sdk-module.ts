import * as sdk from "../index.ts"

let installed = false

/**
 * Makes `import … from "llmrouter"` work in config files wherever they are, also for the compiled
 * binary with no node_modules beside it.
 */
export function installSdkModule(): void {
  if (installed) return
  installed = true
  Bun.plugin({
    name: "llmrouter",
    setup(build) {
      build.module("llmrouter", () => ({ exports: { ...sdk }, loader: "object" }))
    },
  })
}

/** What a config can import from `llmrouter`. */
export const sdkExports: readonly string[] = Object.keys(sdk)
