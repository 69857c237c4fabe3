import { expect, test } from "bun:test"
import { CODES, explainCode, renderErrorsDoc } from "../../src/config/codes.ts"
import type { Diagnostic } from "../../src/config/diagnostic.ts"
import { renderDiagnostics } from "../../src/config/render.ts"

const diagnostic: Diagnostic = {
  code: "LR2041",
  severity: "error",
  message: 'there is no provider "opnai"',
  file: "/srv/app/llmrouter.config.ts",
  line: 12,
  column: 12,
  length: 5,
  source: '    fast: ["opnai/gpt-5.4-mini"],',
  why: "the part before the first slash names one of `providers`",
  hint: "did you mean `openai`?",
}
const options = { color: false, cwd: "/srv/app" }

test("a mistake is shown with its place, its line, a caret, why and help", () => {
  expect(renderDiagnostics([diagnostic], options)).toBe(`error[LR2041]: there is no provider "opnai"
  --> llmrouter.config.ts:12:12
   |
12 |     fast: ["opnai/gpt-5.4-mini"],
   |            ^^^^^
   = the part before the first slash names one of \`providers\`
   = help: did you mean \`openai\`?
`)
})

test("a mistake without a place is shown without a line", () => {
  const { code, severity, message, hint } = diagnostic
  expect(renderDiagnostics([{ code, severity, message, hint: hint! }], options)).toBe(
    'error[LR2041]: there is no provider "opnai"\n  = help: did you mean `openai`?\n',
  )
})

test("the caret is below the mistake behind tabs, wide characters and in very long lines", () => {
  const before = ["\t\tfast: [", '  "模型": ["', `${"x".repeat(500)} `]
  for (const start of before) {
    const source = `${start}opnai/x"] ${"y".repeat(300)}`
    const [, , , line, caret] = renderDiagnostics(
      [{ ...diagnostic, source, column: start.length + 1 }],
      options,
    ).split("\n")
    const at = Bun.stringWidth(line!.slice(0, line!.indexOf("opnai")))
    expect(caret!.indexOf("^")).toBe(at)
    expect(line!.length).toBeLessThan(200)
  }
})

test("colours are used only where they are asked for", () => {
  expect(renderDiagnostics([diagnostic], options)).not.toContain("\x1b[")
  expect(renderDiagnostics([diagnostic], { ...options, color: true })).toContain("\x1b[31m")
})

test("every code explains itself with a wrong and a right example", () => {
  const doc = renderErrorsDoc()
  for (const [code, entry] of Object.entries(CODES)) {
    const text = explainCode(code)!
    expect(text).toContain(`${entry.severity}[${code}]: ${entry.title}`)
    expect(text).toContain(entry.wrong.split("\n")[0]!)
    expect(entry.wrong).not.toBe(entry.right)
    expect(doc).toContain(`## ${code}: ${entry.title}`)
  }
  expect(explainCode("lr2041")).toBe(explainCode("2041")!)
  expect(explainCode("LR9999")).toBeUndefined()
})
