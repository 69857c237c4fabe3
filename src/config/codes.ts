import type { CodeEntry } from "./codes/entry.ts"
import { fileCodes } from "./codes/file.ts"
import { nameCodes } from "./codes/name.ts"
import { secretCodes } from "./codes/secret.ts"
import { valueCodes } from "./codes/value.ts"

const table = { ...fileCodes, ...valueCodes, ...nameCodes, ...secretCodes }

/** Names a kind of mistake in a config, for good: `LR2041`. */
export type Code = keyof typeof table

/** Every code with what it means. */
export const CODES: Readonly<Record<Code, CodeEntry>> = table

/** What a code means, with a wrong and a right example, as text for a terminal; undefined when there is none. */
export function explainCode(code: string): string | undefined {
  const name = code
    .trim()
    .toUpperCase()
    .replace(/^(?!LR)/, "LR")
  const entry: CodeEntry | undefined = Object.hasOwn(CODES, name) ? CODES[name as Code] : undefined
  if (!entry) return undefined
  const indented = (text: string) => text.replaceAll(/^/gm, "    ")
  return [
    `${entry.severity}[${name}]: ${entry.title}`,
    wrap(entry.text),
    `Wrong:\n\n${indented(entry.wrong)}`,
    `Right:\n\n${indented(entry.right)}`,
    "",
  ].join("\n\n")
}

/** The manual's page of all codes, as Markdown. */
export function renderErrorsDoc(): string {
  const sections = Object.entries(CODES).map(([code, entry]) => {
    const fence = (text: string) => `\`\`\`${entry.language ?? "ts"}\n${text}\n\`\`\``
    const kind = entry.severity === "warning" ? "Warning. " : ""
    return `## ${code}: ${entry.title}\n\n${kind}${entry.text}\n\nWrong:\n\n${fence(entry.wrong)}\n\nRight:\n\n${fence(entry.right)}\n`
  })
  return `# Config errors\n\nEvery mistake that \`llmrouter check\` finds has a code. \`llmrouter explain <code>\` prints the same text. Generated from \`src/config/codes/\` by \`bun run generate\`. What callers get when a request fails is in [request-errors.md](request-errors.md).\n\n${sections.join("\n")}`
}

function wrap(text: string, width = 92): string {
  const lines = [""]
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!
    if (line !== "" && line.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`
  }
  return lines.join("\n")
}
