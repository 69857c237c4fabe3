import type { Budget } from "../core/settings.ts"
import { type DecodeContext, describePlace, wrongType } from "./decode-context.ts"
import { describe, type Node } from "./decode-schema.ts"
import type { Path } from "./finding.ts"
import { correctMoney, parseMoney } from "./money.ts"
import { show } from "./redact.ts"

/** Decodes an amount of US dollars, at once or in a window of the calendar. */
export function decodeMoney(
  node: Node,
  value: unknown,
  path: Path,
  context: DecodeContext,
): Budget | undefined {
  const text = typeof value === "number" ? String(value) : value
  if (typeof text !== "string") return wrongType(node, value, path, context)
  const budget = typeof value === "string" ? parseMoney(text) : undefined
  if (budget && budget.amount > 0) return budget
  const correct = budget ? undefined : correctMoney(text)
  context.report({
    code: "LR2037",
    path,
    message: `${describePlace(path)} takes ${describe(node)}, not ${show(value)}`,
    why: "an amount is a dollar sign and a number above 0, alone or with /hour, /day, /week or /month",
    hint:
      correct && parseMoney(correct)?.amount
        ? `did you mean \`"${correct}"\`?`
        : 'such as `"$20/month"`',
  })
  return undefined
}
