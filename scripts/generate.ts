import { join } from "node:path"
import { renderErrorsDoc } from "../src/config/codes.ts"
import { configDocs } from "./generate/config-docs.ts"
import { configTypes } from "./generate/config-types.ts"
import { envDeclarations } from "./generate/env-declarations.ts"

/** Every generated file by its path from the root. */
export function generate(): Record<string, string> {
  const types = configTypes()
  return {
    "src/config/types.gen.ts": types,
    "llmrouter-env.d.ts": envDeclarations(types),
    "docs/config.md": configDocs(),
    "docs/errors.md": renderErrorsDoc(),
  }
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generate())) {
    await Bun.write(join(import.meta.dir, "..", path), text)
  }
}
