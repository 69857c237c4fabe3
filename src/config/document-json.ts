import type { Expression } from "@babel/types"
import type { Report } from "./finding.ts"
import type { Site } from "./secret-ref.ts"

/** The syntax tree of a JSON file with comments and trailing commas. @throws SyntaxError with `loc`. */
export async function parseJsonTree(text: string): Promise<Expression> {
  const { parseExpression } = await import("@babel/parser")
  return parseExpression(text, { attachComment: false })
}

/** Reads JSON with comments and trailing commas; keys that come twice are mistakes. */
export async function readJson(file: string, text: string, report: Report): Promise<unknown> {
  return readPlain(text) ?? (await readTree(file, text, report))
}

/** Plain JSON without repeated keys, which needs no parser to be loaded; undefined for anything else. */
function readPlain(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const strings = text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)
  const written = strings.reduce((sum, [, colon]) => sum + (colon ? 1 : 0), 0)
  return written === countKeys(value) ? value : undefined
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce<number>((sum, each) => sum + countKeys(each), own)
}

async function readTree(file: string, text: string, report: Report): Promise<unknown> {
  try {
    return jsonValue(await parseJsonTree(text), file, report)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const { loc } = error as SyntaxError & { loc?: { line: number; column: number } }
    report({
      code: "LR2004",
      site: { file, line: loc?.line ?? 1, column: (loc?.column ?? 0) + 1 },
      message: error.message.replace(/\s*\(\d+:\d+\)$/, "").toLowerCase(),
    })
    return undefined
  }
}

function jsonValue(node: Expression, file: string, report: Report): unknown {
  switch (node.type) {
    case "StringLiteral":
    case "NumericLiteral":
    case "BooleanLiteral":
      return node.value
    case "NullLiteral":
      return null
    case "UnaryExpression":
      if (node.operator === "-" && node.argument.type === "NumericLiteral") {
        return -node.argument.value
      }
      break
    case "ArrayExpression":
      return node.elements.map((element) =>
        element && element.type !== "SpreadElement" ? jsonValue(element, file, report) : null,
      )
    case "ObjectExpression": {
      const result: Record<string, unknown> = {}
      for (const property of node.properties) {
        if (property.type !== "ObjectProperty") {
          reportNotJson(siteOf(property, file), report)
          continue
        }
        const { key } = property
        const name =
          key.type === "StringLiteral" ? key.value : key.type === "Identifier" ? key.name : ""
        if (Object.hasOwn(result, name)) {
          report({
            code: "LR2011",
            site: siteOf(key, file),
            message: `the key \`${name}\` comes twice`,
            why: "the last one would win and the other would have no effect",
            hint: "remove or rename one of them",
          })
        }
        Object.defineProperty(result, name, {
          value: jsonValue(property.value as Expression, file, report),
          enumerable: true,
          configurable: true,
          writable: true,
        })
      }
      return result
    }
  }
  reportNotJson(siteOf(node, file), report)
  return undefined
}

interface Ranged {
  loc?: { start: { line: number; column: number } } | null
  start?: number | null
  end?: number | null
}

function siteOf(node: Ranged, file: string): Site & { length: number } {
  return {
    file,
    line: node.loc?.start.line ?? 1,
    column: (node.loc?.start.column ?? 0) + 1,
    length: (node.end ?? 1) - (node.start ?? 0),
  }
}

function reportNotJson(site: Site, report: Report): void {
  report({
    code: "LR2004",
    site,
    message: "this is not JSON",
    hint: "a value is text in double quotes, a number, true, false, null, a list or an object",
  })
}
