import type { Environment } from "./environment.ts"
import { reportThrown } from "./evaluate-error.ts"
import type { Report } from "./finding.ts"
import { precheck } from "./precheck.ts"
import { installSdkModule } from "./sdk-module.ts"

/** Milliseconds that a config may take, from its import to its value. */
export const EVALUATION_LIMIT = 5000

/** A config file's value, with every file that it was read from. */
export interface Evaluation {
  /** Undefined when it failed: that is reported. */
  value: unknown
  files: readonly string[]
}

export interface EvaluateOptions {
  environment: Environment
  /** Milliseconds; `EVALUATION_LIMIT` when absent. */
  limit?: number | undefined
}

/**
 * Runs a TypeScript or JavaScript config and gives its default export. Every call imports the file
 * and what it imports afresh.
 */
export async function evaluate(
  file: string,
  options: EvaluateOptions,
  report: Report,
): Promise<Evaluation> {
  const { ok, files } = await precheck(file, report)
  if (!ok) return { value: undefined, files }
  installSdkModule()
  const { environment, limit = EVALUATION_LIMIT } = options
  let stray: { error: unknown } | undefined
  const graph = new Bun.ModuleGraph({
    globals: { process: processWith(environment) },
    onError: (error) => {
      stray ??= { error }
    },
  })
  try {
    const work = async () => {
      const exports: unknown = await graph.import(file)
      return graph.run(() => defaultOf(exports, environment))
    }
    const outcome = await within(work(), limit)
    if (outcome === LATE) {
      report({
        code: "LR2009",
        site: { file, line: 1, column: 1 },
        message: `the config did not finish within ${limit / 1000} s`,
        why: "something at its top level is awaited and does not end",
        hint: "give what it waits for a time limit, or read it from a file",
      })
      return { value: undefined, files }
    }
    if (stray) throw stray.error
    if (outcome === NOTHING) {
      report({
        code: "LR2007",
        site: { file, line: 1, column: 1 },
        message: "the config has no default export",
        hint: "write `export default defineConfig({ … })`",
      })
      return { value: undefined, files }
    }
    return { value: outcome, files }
  } catch (error) {
    reportThrown(error, file, files, report)
    return { value: undefined, files }
  } finally {
    graph.dispose()
  }
}

const LATE = Symbol("late")
const NOTHING = Symbol("nothing")

async function defaultOf(exports: unknown, environment: Environment): Promise<unknown> {
  const value = await (exports as { default?: unknown }).default
  if (value === undefined) return NOTHING
  return typeof value === "function" ? await value({ env: environment.values }) : value
}

async function within<T>(work: Promise<T>, limit: number): Promise<T | typeof LATE> {
  const late = Promise.withResolvers<typeof LATE>()
  const timer = setTimeout(() => late.resolve(LATE), limit)
  // Whatever a config does after its time is up, its rejection belongs to no one.
  work.catch(() => {})
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** The process as the config sees it: `.env` files are in `process.env` there and nowhere else. */
function processWith(environment: Environment): NodeJS.Process {
  return Object.create(process, {
    env: { value: { ...environment.values }, enumerable: true },
  }) as NodeJS.Process
}
