import type { BlockStatement, Node } from "@babel/types"
import { type Binding, bindingsOf, type Place, type Scope, type Sources } from "./locate-sources.ts"

/** A value inside another, with its key where it has one. */
export interface Member {
  key: Place | undefined
  value: Place
}

// Names can be bound in circles.
const DEEPEST = 50

/**
 * Follows names, casts and calls to the expression that makes the value: through `defineConfig(…)`,
 * `satisfies`, constants, imports and functions of the user's own. Where that ends, the last place.
 */
export function settle(place: Place, sources: Sources, depth = 0): Place {
  if (depth > DEEPEST) return place
  const next = step(place, sources, depth)
  return next ? settle(next, sources, depth + 1) : place
}

/** The value at a key or an index, through spreads; undefined where it is computed. */
export function member(
  place: Place,
  key: string | number,
  sources: Sources,
  depth = 0,
): Member | undefined {
  if (depth > DEEPEST) return undefined
  const { node } = place
  const inside = (part: Node): Place => ({ ...place, node: part })
  switch (node.type) {
    case "ObjectExpression":
      for (const property of node.properties.toReversed()) {
        if (property.type === "SpreadElement") {
          const spread = settle(inside(property.argument), sources)
          const found = member(spread, key, sources, depth + 1)
          if (found) return found
        } else if (!property.computed && nameOf(property.key) === String(key)) {
          const value = property.type === "ObjectProperty" ? property.value : property
          return { key: inside(property.key), value: inside(value) }
        }
      }
      return undefined
    case "ArrayExpression":
      return typeof key === "number" ? element(place, key, sources, depth) : undefined
    case "ConditionalExpression":
      return (
        member(settle(inside(node.consequent), sources), key, sources, depth + 1) ??
        member(settle(inside(node.alternate), sources), key, sources, depth + 1)
      )
    case "LogicalExpression":
      return (
        member(settle(inside(node.right), sources), key, sources, depth + 1) ??
        member(settle(inside(node.left), sources), key, sources, depth + 1)
      )
    default:
      return undefined
  }
}

function element(place: Place, index: number, sources: Sources, depth: number): Member | undefined {
  if (place.node.type !== "ArrayExpression") return undefined
  let left = index
  for (const item of place.node.elements) {
    if (item?.type === "SpreadElement") {
      const spread = settle({ ...place, node: item.argument }, sources)
      const length = lengthOf(spread, sources)
      if (length === undefined) return undefined
      if (left < length) return element(spread, left, sources, depth + 1)
      left -= length
    } else if (left === 0) {
      return item ? { key: undefined, value: { ...place, node: item } } : undefined
    } else {
      left--
    }
  }
  return undefined
}

function lengthOf(place: Place, sources: Sources): number | undefined {
  if (place.node.type !== "ArrayExpression") return undefined
  let length = 0
  for (const item of place.node.elements) {
    const more =
      item?.type === "SpreadElement"
        ? lengthOf(settle({ ...place, node: item.argument }, sources), sources)
        : 1
    if (more === undefined) return undefined
    length += more
  }
  return length
}

/** One step closer to the expression that makes the value. */
function step(place: Place, sources: Sources, depth: number): Place | undefined {
  const { node, module, scope } = place
  const inside = (part: Node, within: Scope = scope): Place => ({
    node: part,
    module,
    scope: within,
  })
  switch (node.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "TSTypeAssertion":
    case "ParenthesizedExpression":
      return inside(node.expression)
    case "AwaitExpression":
      return inside(node.argument)
    case "Identifier":
      return follow(place, node.name, sources)
    case "MemberExpression":
      return property(place, sources, depth)
    case "CallExpression":
      return called(place, sources, depth)
    case "ArrowFunctionExpression":
    case "FunctionExpression":
    case "FunctionDeclaration":
    case "ObjectMethod": {
      const { body } = node
      if (body.type !== "BlockStatement") return inside(body)
      const returned = returnOf(body)
      return returned && inside(returned, { names: bindingsOf(body.body), parent: scope })
    }
    default:
      return undefined
  }
}

function follow(place: Place, name: string, sources: Sources): Place | undefined {
  let binding: Binding | undefined
  let scope: Scope | undefined = place.scope
  while (scope && !binding) {
    binding = scope.names.get(name)
    if (!binding) scope = scope.parent
  }
  if (!binding || !scope) return undefined
  if (binding.kind === "value") return { node: binding.node, module: place.module, scope }
  return binding.name === "*"
    ? undefined
    : sources.imported(place.module, binding.from, binding.name)
}

function property(place: Place, sources: Sources, depth: number): Place | undefined {
  const { node } = place
  if (node.type !== "MemberExpression") return undefined
  const name = node.computed
    ? node.property.type === "StringLiteral" || node.property.type === "NumericLiteral"
      ? node.property.value
      : undefined
    : nameOf(node.property)
  if (name === undefined) return undefined
  if (node.object.type === "Identifier") {
    const binding = place.module.scope.names.get(node.object.name)
    if (binding?.kind === "import" && binding.name === "*") {
      return sources.imported(place.module, binding.from, String(name))
    }
  }
  const object = settle({ ...place, node: node.object }, sources, depth + 1)
  return member(object, name, sources, depth + 1)?.value
}

/** What a call gives: the argument of a function that gives it back, or what a function of the user's returns. */
function called(place: Place, sources: Sources, depth: number): Place | undefined {
  const { node } = place
  if (node.type !== "CallExpression") return undefined
  const [first] = node.arguments
  const { callee } = node
  const builtIn =
    callee.type === "MemberExpression" &&
    callee.object.type === "Identifier" &&
    /^(Object\.freeze|Promise\.resolve)$/.test(`${callee.object.name}.${nameOf(callee.property)}`)
  if (builtIn && first) return { ...place, node: first }
  if (callee.type !== "Identifier") return undefined
  const binding = place.module.scope.names.get(callee.name)
  if (binding?.kind === "import" && binding.from === "llmrouter") {
    return callee.name.startsWith("define") && first ? { ...place, node: first } : undefined
  }
  const target = settle({ ...place, node: callee }, sources, depth + 1)
  // `settle` already stepped into the function: what it returns is the call's value.
  return target.node === callee ? undefined : target
}

function returnOf(body: BlockStatement): Node | undefined {
  const last = body.body.findLast((statement) => statement.type === "ReturnStatement")
  return last?.argument ?? undefined
}

function nameOf(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name
  if (node.type === "StringLiteral") return node.value
  return node.type === "NumericLiteral" ? String(node.value) : undefined
}
