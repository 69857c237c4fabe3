import { callSite, SecretRef } from "./secret-ref.ts"
import type * as face from "./types/face.ts"

/** A secret from an environment variable, `.env` or `.env.local`. */
export const env: typeof face.env = (name, options = {}) =>
  new SecretRef("env", name, options.optional ?? false, callSite(env))

/** A secret from a file, such as `/run/secrets/api-key`. A newline at its end is dropped. */
export const file: typeof face.file = (path, options = {}) =>
  new SecretRef("file", path, options.optional ?? false, callSite(file))

/** Gives the strategy back; its type does the work. */
export const defineStrategy: typeof face.defineStrategy = (strategy) => strategy

/** Gives the config back; its types do the work. A function, as in plain JavaScript, is called. */
export const defineConfig = ((config: unknown) =>
  typeof config === "function" ? config() : config) as typeof face.defineConfig
