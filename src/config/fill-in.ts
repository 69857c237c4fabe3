import { type DecodeContext, describePlace } from "./decode-context.ts"
import type { Path } from "./finding.ts"
import { show } from "./redact.ts"

/**
 * A text with its `${NAME}` filled in. Where no text is wanted and it was nothing but one of them, the
 * number or the boolean that it spells. Undefined when one cannot be filled in: that is reported.
 */
export function fillIn(
  acceptsText: boolean,
  text: string,
  path: Path,
  context: DecodeContext,
): unknown {
  if (!context.expand || !text.includes("${")) return text
  const expanded = context.expand(text)
  if ("text" in expanded) {
    if (!expanded.whole || acceptsText) return expanded.text
    if (/^(true|false)$/.test(expanded.text)) return expanded.text === "true"
    return expanded.text.trim() !== "" && Number.isFinite(Number(expanded.text))
      ? Number(expanded.text)
      : expanded.text
  }
  const { problem, name, start, length } = expanded
  const messages = {
    missing: `the environment variable ${name} is not set`,
    syntax: `\`\${${name}}\` is not a placeholder`,
    file: `${describePlace(path)} takes plain text, not the secret in ${show(name)}`,
  }
  const hints = {
    missing: `set it, put it into .env, or give a default: \`\${${name}:-value}\``,
    syntax: `write \`\${NAME}\` or \`\${NAME:-default}\`; \`$\${\` is a plain \`\${\``,
    file: `\`\${file:…}\` is only read where a key or a header goes`,
  }
  context.report({
    code: "LR2014",
    path,
    part: { start, length },
    message: messages[problem],
    hint: hints[problem],
  })
  return undefined
}
