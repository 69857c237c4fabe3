import type { Locate } from "./span.ts"

/** A locator for a config file. Parsers are only loaded here, when there is something to report. */
export async function createLocator(file: string): Promise<Locate> {
  try {
    if (/\.ya?ml$/.test(file)) {
      const { createYamlLocator } = await import("./locate-yaml.ts")
      return createYamlLocator(file)
    }
    const { createScriptLocator } = await import("./locate-script.ts")
    return createScriptLocator(file)
  } catch {
    // The mistake is reported all the same, without its place.
    return () => undefined
  }
}
