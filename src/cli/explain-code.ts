import { defineCommand } from "citty"
import { CODES, explainCode } from "../config/codes.ts"
import { nearest } from "../core/nearest.ts"
import { EXIT, fail } from "./exit.ts"

/** `llmrouter explain LR2041`. */
export const explainCommand = defineCommand({
  meta: { name: "explain", description: "Says what the code of a config error means" },
  args: {
    code: { type: "positional", required: true, description: "A code, such as LR2041" },
  },
  run({ args }) {
    const text = explainCode(args.code)
    if (text === undefined) {
      const [near] = nearest(args.code.toUpperCase(), Object.keys(CODES))
      const hint = near ? `Did you mean ${near}?` : "A code looks like LR2041."
      fail(EXIT.usage, `there is no code \`${args.code}\`. ${hint}`)
    }
    process.stdout.write(text)
  },
})
