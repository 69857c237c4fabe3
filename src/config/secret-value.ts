import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Secret } from "../core/secret.ts"
import type { Environment } from "./environment.ts"
import type { SecretRef, Site } from "./secret-ref.ts"

/** A secret that was asked for and is not there. */
export class MissingSecret {
  /** `env OPENAI_API_KEY`, `file /run/secrets/x`. */
  readonly origin: string
  readonly optional: boolean
  /** Where it was looked for, in words. */
  readonly looked: string
  readonly site: Site | undefined

  constructor(ref: SecretRef, origin: string, looked: string) {
    this.origin = origin
    this.optional = ref.optional
    this.looked = looked
    this.site = ref.site
  }
}

export type SecretValue = Secret | MissingSecret

/** Looks a secret up. Relative file names are below `folder`; files that were read are added to `files`. */
export function resolveSecret(
  ref: SecretRef,
  environment: Environment,
  folder: string,
  files: Set<string>,
): SecretValue {
  if (ref.kind === "env") {
    const origin = `env ${ref.name}`
    const value = environment.get(ref.name)
    return value === undefined
      ? new MissingSecret(ref, origin, environment.places)
      : new Secret(value, origin)
  }
  const path = resolve(folder, ref.name)
  files.add(path)
  const origin = `file ${path}`
  try {
    const value = readFileSync(path, "utf8").replace(/\r?\n$/, "")
    if (value === "") return new MissingSecret(ref, origin, `${path}, which is empty`)
    return new Secret(value, origin)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "cannot be read"
    return new MissingSecret(ref, origin, `${path} (${reason})`)
  }
}
