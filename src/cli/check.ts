import { relative } from "node:path"
import { defineCommand } from "citty"
import type { Diagnostic } from "../config/diagnostic.ts"
import { type LoadOptions, type LoadResult, loadConfig } from "../config/load.ts"
import { renderDiagnostics } from "../config/render.ts"
import type { GroupSettings, ProviderSettings, Settings } from "../core/settings.ts"
import { EXIT } from "./exit.ts"

export interface CheckOptions extends LoadOptions {
  json?: boolean
  color?: boolean
}

/** What `llmrouter check` prints, and its exit status. */
export interface CheckOutcome {
  stdout: string
  stderr: string
  status: number
}

/** Checks a config and says what is wrong with it, or what is in it. */
export async function checkConfigFile(options: CheckOptions = {}): Promise<CheckOutcome> {
  const result = await loadConfig({ ...options, thorough: true })
  const status = result.ok ? EXIT.ok : EXIT.config
  if (options.json) return { stdout: `${JSON.stringify(report(result))}\n`, stderr: "", status }
  const cwd = options.cwd ?? process.cwd()
  const render = { cwd, ...(options.color !== undefined && { color: options.color }) }
  const shown = [...result.warnings, ...(result.ok ? [] : result.diagnostics)]
  const details = shown.length > 0 ? `${renderDiagnostics(shown, render)}\n` : ""
  if (result.ok) {
    return { stdout: summary(result, cwd), stderr: details, status }
  }
  return {
    stdout: "",
    stderr: `${details}${verdict(result.diagnostics, result.warnings)}\n`,
    status,
  }
}

/** `llmrouter check [file]`. */
export const checkCommand = defineCommand({
  meta: { name: "check", description: "Checks the config and prints every mistake in it" },
  args: {
    file: { type: "positional", required: false, description: "Config file to check" },
    config: { type: "string", alias: "c", description: "The same, as an option" },
    json: { type: "boolean", description: "Prints JSON on standard output" },
  },
  async run({ args }) {
    const { stdout, stderr, status } = await checkConfigFile({
      path: args.file ?? args.config,
      json: args.json ?? false,
    })
    process.stderr.write(stderr)
    process.stdout.write(stdout)
    process.exitCode = status
  },
})

function report(result: LoadResult): {
  ok: boolean
  file: string | null
  diagnostics: readonly Diagnostic[]
  warnings: readonly Diagnostic[]
} {
  return {
    ok: result.ok,
    file: result.file ?? null,
    diagnostics: result.ok ? [] : result.diagnostics,
    warnings: result.warnings,
  }
}

function summary(result: LoadResult & { ok: true }, cwd: string): string {
  const { settings, file, origin, warnings } = result
  const lines = [
    file === undefined ? origin : `${relative(cwd, file) || file}: fine (${origin})`,
    "",
    "providers",
    ...table(settings.providers.map((provider) => [provider.name, provider.type, keys(provider)])),
    "",
    "groups",
    ...table(
      settings.groups.map((group) => [
        group.name,
        typeof group.strategy === "string" ? group.strategy : "own function",
        deployments(group),
      ]),
    ),
    ...(settings.groups.length === 0 ? ["  none: callers write provider/model"] : []),
    "",
    [
      callers(settings),
      warnings.length > 0 ? count(warnings.length, "warning") : "no warnings",
    ].join(", "),
  ]
  return `${lines.join("\n")}\n`
}

function keys({ keys, missingKeys }: ProviderSettings): string {
  if (keys.length > 0) return count(keys.length, "key")
  return missingKeys.length > 0 ? "no key: skipped" : "needs no key"
}

function deployments({ models, fallbacks }: GroupSettings): string {
  const list = models.map(({ provider, model }) => `${provider}/${model}`).join(", ")
  return fallbacks.length > 0 ? `${list}; then ${fallbacks.join(", ")}` : list
}

function callers({ auth }: Settings): string {
  return auth.keys.length > 0
    ? count(auth.keys.length, "caller key")
    : "no caller keys: loopback only"
}

function verdict(errors: readonly Diagnostic[], warnings: readonly Diagnostic[]): string {
  const also = warnings.length > 0 ? ` and ${count(warnings.length, "warning")}` : ""
  const [first] = errors
  return `${count(errors.length, "error")}${also}; \`llmrouter explain ${first?.code ?? "LR2041"}\` says more`
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)))
  return rows.map(
    ([first = "", second = "", rest = ""]) =>
      `  ${first.padEnd(widths[0]!)}  ${second.padEnd(widths[1]!)}  ${rest}`,
  )
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`
}
