import type { Secret } from "../../core/secret.ts"
import type { Path } from "../finding.ts"
import type { CheckContext } from "./check-context.ts"

const PLACEHOLDER =
  /^(<.*>|\.{3}|x{3,}|(sk-)?\.{3}|(sk-)?x{4,}|change-?me|todo|(your|my)[-_ ].*key.*)$/i

/** Checks the text of a secret that goes into a header. What it is must not show in the message. */
export function checkSecretText(
  secret: Secret,
  path: Path,
  what: string,
  context: CheckContext,
): void {
  const text = secret.reveal()
  if (text.trim() === "") {
    context.report({
      code: "LR2062",
      path,
      message: `${what} is empty`,
      hint: "give it a value, or remove it",
    })
    return
  }
  if (!/^[\x21-\x7e]+$/.test(text)) {
    const kind = /\s/.test(text) ? "a space or a line break" : "a character that is not ASCII"
    context.report({
      code: "LR2062",
      path,
      message: `${what} (${secret.origin}) has ${kind} in it`,
      why: "it is sent as an HTTP header, where that cannot be",
      hint: "copy it again; quotes around it are not part of it",
    })
    return
  }
  if (PLACEHOLDER.test(text)) {
    context.report({
      code: "LR2067",
      path,
      message: `${what} (${secret.origin}) looks like a placeholder`,
      hint: "put the real one there",
    })
  }
}
