import { readFileSync } from "node:fs"
import { dirname, extname } from "node:path"
import { parse, parseExpression } from "@babel/parser"
import type { Expression, Node, Statement } from "@babel/types"

/** A source file with its syntax tree. */
export interface Module {
  file: string
  text: string
  body: readonly Statement[]
  scope: Scope
  /** The whole file, where it is JSON. */
  json?: Expression
}

/** Names that are visible at a place, to what they are bound to. */
export interface Scope {
  names: ReadonlyMap<string, Binding>
  parent: Scope | undefined
}

export type Binding = { kind: "value"; node: Node } | { kind: "import"; from: string; name: string }

/** A node with what is needed to follow its names. */
export interface Place<N extends Node = Node> {
  node: N
  module: Module
  scope: Scope
}

/** Source files by name, parsed once. */
export class Sources {
  readonly #modules = new Map<string, Module | undefined>()

  /** What a file exports under a name. */
  exported(file: string, name: string): Place | undefined {
    const module = this.#load(file)
    if (!module) return undefined
    const at = (node: Node): Place => ({ node, module, scope: module.scope })
    if (module.json) return name === "default" ? at(module.json) : undefined
    for (const statement of module.body) {
      if (statement.type === "ExportDefaultDeclaration" && name === "default") {
        return at(statement.declaration)
      }
      if (statement.type === "ExportNamedDeclaration") {
        for (const { type, ...specifier } of statement.specifiers) {
          if (type !== "ExportSpecifier" || !("local" in specifier)) continue
          const { exported, local } = specifier
          const label = exported.type === "Identifier" ? exported.name : exported.value
          if (label !== name || local.type !== "Identifier") continue
          return statement.source
            ? this.imported(module, statement.source.value, local.name)
            : at(local)
        }
        if (statement.declaration) {
          const binding = bindingsOf([statement.declaration]).get(name)
          if (binding?.kind === "value") return at(binding.node)
        }
      }
      if (statement.type === "ExportAllDeclaration") {
        const found = this.imported(module, statement.source.value, name)
        if (found) return found
      }
      const common = name === "default" && commonExport(statement)
      if (common) return at(common)
    }
    return undefined
  }

  /** What an import of a file brings; undefined for packages and what cannot be read. */
  imported(module: Module, from: string, name: string): Place | undefined {
    if (!from.startsWith(".") && !from.startsWith("/")) return undefined
    try {
      return this.exported(Bun.resolveSync(from, dirname(module.file)), name)
    } catch {
      return undefined
    }
  }

  #load(file: string): Module | undefined {
    if (!this.#modules.has(file)) this.#modules.set(file, read(file))
    return this.#modules.get(file)
  }
}

/** The names that statements declare, as far as they are bound to one expression. */
export function bindingsOf(statements: readonly Node[]): Map<string, Binding> {
  const names = new Map<string, Binding>()
  for (const statement of statements) {
    const declaration =
      statement.type === "ExportNamedDeclaration" && statement.declaration
        ? statement.declaration
        : statement
    if (declaration.type === "ImportDeclaration") {
      for (const specifier of declaration.specifiers) {
        const from = declaration.source.value
        const name =
          specifier.type === "ImportDefaultSpecifier"
            ? "default"
            : specifier.type === "ImportNamespaceSpecifier"
              ? "*"
              : specifier.imported.type === "Identifier"
                ? specifier.imported.name
                : specifier.imported.value
        names.set(specifier.local.name, { kind: "import", from, name })
      }
    } else if (declaration.type === "VariableDeclaration") {
      for (const { id, init } of declaration.declarations) {
        if (id.type === "Identifier" && init) names.set(id.name, { kind: "value", node: init })
      }
    } else if (declaration.type === "FunctionDeclaration" && declaration.id) {
      names.set(declaration.id.name, { kind: "value", node: declaration })
    }
  }
  return names
}

function read(file: string): Module | undefined {
  try {
    const text = readFileSync(file, "utf8")
    if (/^\.jsonc?$/.test(extname(file))) {
      const json = parseExpression(text, { attachComment: false })
      return { file, text, body: [], scope: { names: new Map(), parent: undefined }, json }
    }
    const tree = parse(text, {
      sourceType: "module",
      plugins: ["typescript"],
      attachComment: false,
      errorRecovery: true,
      allowReturnOutsideFunction: true,
    })
    const { body } = tree.program
    return { file, text, body, scope: { names: bindingsOf(body), parent: undefined } }
  } catch {
    return undefined
  }
}

/** The value of `module.exports = …`. */
function commonExport(statement: Statement): Expression | undefined {
  if (statement.type !== "ExpressionStatement") return undefined
  const { expression } = statement
  if (expression.type !== "AssignmentExpression" || expression.left.type !== "MemberExpression") {
    return undefined
  }
  const { object, property } = expression.left
  const isModule = object.type === "Identifier" && object.name === "module"
  return isModule && property.type === "Identifier" && property.name === "exports"
    ? expression.right
    : undefined
}
