import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "@babel/parser"

/** A file as the rules see it. */
export interface SourceFile {
  /** From the project's root, with forward slashes. */
  path: string
  source: string
}

/** A node of the syntax tree, as far as the rules look at it. */
export interface SyntaxNode {
  type: string
  line: number
  parent: SyntaxNode | undefined
  /** The property of the parent that holds it. */
  role: string
  fields: Record<string, unknown>
}

/** One `import`, `export from` or `import()` of a file. */
export interface ImportReference {
  specifier: string
  line: number
}

const SKIPPED = new Set(["node_modules", "dist", ".git", ".llmrouter", "coverage", "results"])
const ROOT = join(import.meta.dir, "../../..")

/** Every file below a folder of the project, but for what is installed or built. */
export function readFiles(folder: string, keep: (path: string) => boolean): SourceFile[] {
  const files: SourceFile[] = []
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`
    if (SKIPPED.has(entry.name)) continue
    if (entry.isDirectory()) files.push(...readFiles(path, keep))
    else if (entry.isFile() && keep(path)) {
      files.push({ path, source: readFileSync(join(ROOT, path), "utf8") })
    }
  }
  return files
}

const trees = new Map<string, SyntaxNode[]>()

/** Every node of a TypeScript file, in the order of the text. */
export function nodesOf({ path, source }: SourceFile): SyntaxNode[] {
  const known = trees.get(source)
  if (known) return known
  const { program } = parse(source, {
    sourceType: "module",
    attachComment: false,
    sourceFilename: path,
    plugins: path.endsWith("x") ? ["typescript", "jsx"] : ["typescript"],
  })
  const nodes: SyntaxNode[] = []
  const visit = (value: unknown, role: string, parent: SyntaxNode | undefined) => {
    if (Array.isArray(value)) for (const item of value) visit(item, role, parent)
    if (!isNode(value)) return
    const node = { type: value.type, line: value.loc.start.line, parent, role, fields: value }
    nodes.push(node)
    for (const [key, child] of Object.entries(value)) {
      if (key !== "loc" && !key.endsWith("Comments")) visit(child, key, node)
    }
  }
  visit(program, "program", undefined)
  trees.set(source, nodes)
  return nodes
}

function isNode(
  value: unknown,
): value is Record<string, unknown> & { type: string; loc: { start: { line: number } } } {
  return typeof value === "object" && value !== null && "type" in value && "loc" in value
}

/** What a file imports, types included. */
export function importsOf(file: SourceFile): ImportReference[] {
  return nodesOf(file)
    .filter(({ role, type }) => type === "StringLiteral" && role === "source")
    .map(({ fields, line }) => ({ specifier: String(fields["value"]), line }))
}

/** The project path that a relative import names; undefined for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined
  return join(from, "..", specifier).replaceAll("\\", "/")
}
