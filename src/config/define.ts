import { callSite, SecretRef } from "./secret-ref.ts"

/** A secret from an environment variable, `.env` or `.env.local`. */
export function env(name: string, options: { optional?: boolean } = {}): SecretRef {
  return new SecretRef("env", name, options.optional ?? false, callSite(env))
}

/** A secret from a file, such as `/run/secrets/openai`; a newline at its end is dropped. */
export function file(path: string, options: { optional?: boolean } = {}): SecretRef {
  return new SecretRef("file", path, options.optional ?? false, callSite(file))
}

/** Gives the config back, checked by its types. A function is called for its config. */
export function defineConfig(config: object | (() => object)): object {
  return typeof config === "function" ? config() : config
}
