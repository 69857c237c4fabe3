import { importsOf, resolveImport, type SourceFile } from "./source.ts"

const LEAVES = ["canonical", "transport", "routing", "governance", "cache", "telemetry"]
const BELOW_RUNTIME = [...LEAVES, "core", "protocols", "providers", "storage", "config", "gateway"]

/** What the files of each part of `src` may import, beside their own part. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  canonical: ["core"],
  transport: ["core"],
  protocols: ["core", "transport", "canonical"],
  providers: ["core", "transport"],
  routing: ["core"],
  governance: ["core", "canonical"],
  cache: ["core"],
  storage: ["core"],
  telemetry: ["core"],
  // `index` is what a user's config imports: it is handed to it as a module.
  config: ["core", "index", "providers/index", "routing/strategies/index"],
  index: ["core", "config", "providers", "routing"],
  gateway: ["core", ...LEAVES],
  // It runs the router's own routing, with the defaults that the config has.
  simulator: ["core", "routing", "config/defaults"],
  // What the processes of one router share; they are started by who starts the router.
  workers: ["core", "routing", "governance", "storage", "config", "telemetry"],
  runtime: [...BELOW_RUNTIME, "workers"],
  dashboard: ["core"],
  server: [...BELOW_RUNTIME, "runtime", "dashboard"],
  cli: [...BELOW_RUNTIME, "workers", "runtime", "server", "simulator", "index"],
}

/** The part of `src` that a path belongs to: its folder, or the name of a file at the top. */
export function partOf(path: string): string | undefined {
  return /^src\/([^/.]+)/.exec(path)?.[1]
}

/** Imports that go against the direction of the dependencies. */
export function forbiddenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const part = partOf(file.path)
    if (part === undefined) return []
    const allowed = ALLOWED[part]
    if (!allowed) return [`${file.path}: no rule says what \`${part}\` may import`]
    return importsOf(file).flatMap(({ specifier, line }) => {
      const target = resolveImport(file.path, specifier)
      const to = target && partOf(target)
      if (!target || to === part) return []
      const inside = target.replace(/^src\//, "").replace(/\.\w+$/, "")
      // Files at the project's root are data: the version number, the example config.
      const data = !target.includes("/")
      if (data || allowed.some((entry) => entry === to || entry === inside)) return []
      return [`${file.path}:${line}: \`${part}\` may not import \`${specifier}\``]
    })
  })
}

/** Every import cycle, as the paths on it. Imports of types count: they tie the files together all the same. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file).flatMap(({ specifier }) => resolveImport(file.path, specifier) ?? []),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" -> "))
    if (start >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return cycles
}

/** Files of a registry's folder that its `index.ts` does not import. */
export function unregistered(
  folder: string,
  files: readonly SourceFile[],
  exempt: readonly string[] = [],
): string[] {
  const index = files.find(({ path }) => path === `${folder}/index.ts`)
  if (!index) return [`${folder}: has no index.ts`]
  const imported = new Set(
    importsOf(index).map(({ specifier }) => resolveImport(index.path, specifier)),
  )
  // A folder counts through its own index.ts; what else is in it is its own business.
  const direct = new RegExp(`^${folder}/([^/]+\\.ts|[^/]+/index\\.ts)$`)
  return files
    .map(({ path }) => path)
    .filter((path) => direct.test(path) && path !== index.path && !path.endsWith(".gen.ts"))
    .filter((path) => !imported.has(path) && !exempt.includes(path.slice(folder.length + 1)))
    .map((path) => `${path}: is not in the registry ${index.path}`)
}
