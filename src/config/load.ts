import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { Secret } from "../core/secret.ts"
import type { Settings } from "../core/settings.ts"
import { providers } from "../providers/index.ts"
import { checkConfig } from "./checks/index.ts"
import { decode } from "./decode.ts"
import type { DecodeContext } from "./decode-context.ts"
import { isPlainObject } from "./decode-schema.ts"
import type { Diagnostic } from "./diagnostic.ts"
import { CANDIDATES, discover } from "./discover.ts"
import { isDocument, readDocument } from "./document.ts"
import { type Environment, type EnvironmentRecord, readEnvironment } from "./environment.ts"
import type { Finding, Report } from "./finding.ts"
import { normalise } from "./normalise.ts"
import type { ParsedConfig } from "./parsed.ts"
import { expand } from "./placeholders.ts"
import { show } from "./redact.ts"
import { ConfigSchema } from "./schema.ts"
import { resolveSecret } from "./secret-value.ts"
import type { Source } from "./to-diagnostics.ts"

export interface LoadOptions {
  /** The file that `--config` names; relative to `cwd`. */
  path?: string | undefined
  /** The process's own when absent. */
  cwd?: string | undefined
  /** The process's own when absent. */
  env?: EnvironmentRecord | undefined
  /** Milliseconds that a config may take; 5 s when absent. */
  limit?: number | undefined
  /** Whether to look also for what running the config does not show; takes a parser of its own. */
  thorough?: boolean
}

interface LoadFacts {
  /** The config file; undefined when there is none. */
  file: string | undefined
  /** Which file won and why, in words. */
  origin: string
  /** Every file that matters, present or not, for watching. */
  files: readonly string[]
  warnings: Diagnostic[]
}

/** A config that works, or everything that is wrong with it. */
export type LoadResult =
  | (LoadFacts & { ok: true; settings: Settings })
  | (LoadFacts & { ok: false; diagnostics: Diagnostic[] })

/** Finds, reads, checks and completes the config. Never throws for what a user can get wrong. */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadResult> {
  const cwd = resolve(options.cwd ?? process.cwd())
  const env = options.env ?? process.env
  const findings: Finding[] = []
  const report = (finding: Finding) => void findings.push(finding)

  const found = discover({ path: options.path, cwd, env }, report)
  const file = found?.file
  const folder = file ? dirname(file) : cwd
  const environment = readEnvironment(env, [folder, cwd])
  const files = new Set<string>(environment.files)
  if (file) files.add(file)
  else for (const name of CANDIDATES) files.add(join(cwd, name))

  const literals: string[] = []
  let settings: Settings | undefined
  if (found) {
    const raw = await read(file, environment, options.limit, files, report)
    if (isPlainObject(raw)) {
      const context = decodeContext({
        document: file !== undefined && isDocument(file),
        folder,
        environment,
        files,
        literals,
        report,
      })
      const config = decode(ConfigSchema, raw, [], context) as ParsedConfig
      checkConfig(config, { environment, report })
      if (!findings.some(isError)) {
        settings = normalise(config, { file, files: [...files], folder, environment })
        openProviders(settings, report)
        if (findings.some(isError)) settings = undefined
      }
    }
  }
  // What has no effect, and whom nothing serves, is known where all values are.
  const isSure = ({ code }: Finding) =>
    (code !== "LR2055" && code !== "LR2059") || !findings.some(isError)
  // A provider whose keys are under a wrong name is not also told that it has none.
  const isNotEcho = ({ code, path }: Finding) =>
    code !== "LR2061" ||
    !findings.some(
      (other) =>
        other.code === "LR2020" && other.path?.[0] === "providers" && other.path[1] === path?.[1],
    )
  if (options.thorough && file && !isDocument(file) && !findings.some(isError)) {
    const { reportDuplicates } = await import("./duplicates.ts")
    reportDuplicates(
      [...files].filter((path) => existsSync(path)),
      report,
    )
    if (findings.some(isError)) settings = undefined
  }
  const diagnostics = await diagnosticsOf(findings.filter(isNotEcho).filter(isSure), {
    file,
    literals,
  })
  const facts: LoadFacts = {
    file,
    origin: found?.origin ?? "",
    files: [...files],
    warnings: diagnostics.filter(({ severity }) => severity === "warning"),
  }
  if (settings) return { ok: true, settings, ...facts }
  return {
    ok: false,
    diagnostics: diagnostics.filter(({ severity }) => severity === "error"),
    ...facts,
  }
}

/** Provider types check their own options when an account is opened: better here than at a request. */
function openProviders(settings: Settings, report: Report): void {
  for (const provider of settings.providers) {
    try {
      providers.get(provider.type)?.open(provider)
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      report({ code: "LR2036", path: ["providers", provider.name], message })
    }
  }
}

/** The config as written: a program's default export, a document's value, or one made from the environment. */
async function read(
  file: string | undefined,
  environment: Environment,
  limit: number | undefined,
  files: Set<string>,
  report: Report,
): Promise<unknown> {
  if (file === undefined) {
    const { configFromEnvironment } = await import("./zero-config.ts")
    return configFromEnvironment(environment)
  }
  let value: unknown
  let failed = false
  const reportFailure: Report = (finding) => {
    failed ||= isError(finding)
    report(finding)
  }
  try {
    if (isDocument(file)) {
      value = await readDocument(file, reportFailure)
    } else {
      const { evaluate } = await import("./evaluate.ts")
      const evaluation = await evaluate(file, { environment, limit }, reportFailure)
      for (const path of evaluation.files) files.add(path)
      value = evaluation.value
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    reportFailure({
      code: "LR2002",
      path: [],
      site: { file, line: 1, column: 1 },
      message: `${file} cannot be read: ${code ?? message}`,
      hint: "check that it is there and that this user may read it",
    })
  }
  if (!failed && !isPlainObject(value)) {
    reportFailure({
      code: "LR2010",
      path: [],
      message: `the config is ${show(value)}, not an object`,
      hint: isDocument(file)
        ? "start with `providers`"
        : "write `export default defineConfig({ … })`",
    })
  }
  return failed ? undefined : value
}

interface DecodeFacts {
  folder: string
  document: boolean
  environment: Environment
  files: Set<string>
  literals: string[]
  report: Report
}

function decodeContext(facts: DecodeFacts): Omit<DecodeContext, "decode"> {
  const { folder, environment, files, literals, report } = facts
  return {
    report,
    secret: (ref) => resolveSecret(ref, environment, folder, files),
    literal: (text) => {
      literals.push(text)
      return new Secret(text)
    },
    ...(facts.document && { expand: (text: string) => expand(text, environment) }),
  }
}

// Most configs are right: what is needed to speak of mistakes is loaded when there is one.

function isError({ code }: Finding): boolean {
  const { CODES } = require("./codes.ts") as typeof import("./codes.ts")
  return CODES[code].severity === "error"
}

async function diagnosticsOf(findings: Finding[], source: Source): Promise<Diagnostic[]> {
  if (findings.length === 0) return []
  const { toDiagnostics } = await import("./to-diagnostics.ts")
  return toDiagnostics(findings, source)
}
