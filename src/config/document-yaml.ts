import type { Report } from "./finding.ts"

/** Reads YAML 1.2; keys that come twice are mistakes. */
export async function readYaml(file: string, text: string, report: Report): Promise<unknown> {
  const { LineCounter, parseDocument } = await import("yaml")
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0])
    const twice = error.code === "DUPLICATE_KEY"
    report({
      code: twice ? "LR2011" : "LR2004",
      site: { file, line, column: col, length: Math.max(1, error.pos[1] - error.pos[0]) },
      message: twice
        ? "this key comes twice"
        : error.message.charAt(0).toLowerCase() + error.message.slice(1),
      ...(twice && { hint: "remove or rename one of them" }),
    })
  }
  return document.errors.length > 0 ? undefined : document.toJS()
}
