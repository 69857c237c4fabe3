import { type Path, printPath } from "../finding.ts"
import type { ParsedErrorRule, ParsedProvider } from "../parsed.ts"
import { show } from "../redact.ts"
import type { CheckContext } from "./check-context.ts"

/** Beginnings of answers and errors, none of which has much in common with another. */
const ANYTHING = ["", "x", "{", '{"choices":[]}', "data: {}", "<html>", "\n"]

/** Checks what a provider's errors lead to, and by what they are found. */
export function checkUpstreamErrors(
  provider: ParsedProvider,
  path: Path,
  context: CheckContext,
): void {
  const rules = provider.errors ?? []
  for (const [index, rule] of rules.entries()) {
    if (rule) checkRule(rule, [...path, "errors", index], rules.length - index - 1, context)
  }
  for (const [index, matcher] of (provider.errorMatchers ?? []).entries()) {
    if (matcher instanceof RegExp) checkPattern(matcher, [...path, "errorMatchers", index], context)
  }
}

function checkRule(rule: ParsedErrorRule, path: Path, after: number, context: CheckContext): void {
  if (rule.body) checkPattern(rule.body, [...path, "body"], context)
  const isConditional =
    rule.status !== undefined || rule.body !== undefined || rule.phase !== undefined
  const isIdle =
    rule.then === undefined && rule.breaker === undefined && rule.cooldown === undefined
  const place = printPath(path)
  if (!isConditional && after > 0) {
    reportIdle(path, `the rules after \`${place}\` have no effect: it fits every error`, context, {
      why: "the first rule that fits decides",
      hint: "give it a `status`, a `body` or a `phase`, or move it to the end",
    })
  } else if (isIdle && after === 0) {
    reportIdle(path, `\`${place}\` has no effect: it says nothing of what comes next`, context, {
      why: "an error that no rule fits is treated the same",
      hint: "add `then`, `breaker` or `cooldown`",
    })
  } else if (rule.phase === "after" && rule.then !== undefined && rule.then !== "fail") {
    reportIdle(
      [...path, "then"],
      `\`${place}.then\` cannot be ${show(rule.then)} after the answer has begun`,
      context,
      {
        why: "what the caller has cannot be taken back, so nothing else is tried",
        hint: 'remove it, or write `phase: "before"`',
      },
    )
  }
}

function reportIdle(
  path: Path,
  message: string,
  { report }: CheckContext,
  more: { why: string; hint: string },
): void {
  report({ code: "LR2055", path, message, ...more })
}

function checkPattern(pattern: RegExp, path: Path, { report }: CheckContext): void {
  if (!ANYTHING.every((text) => pattern.test(text))) return
  report({
    code: "LR2040",
    path,
    message: `\`${printPath(path)}\` is found in every text: ${show(String(pattern)).slice(1, -1)}`,
    why: "so it tells nothing apart",
    hint: "name what only an error has, such as `/quota|overloaded/i`",
  })
}
