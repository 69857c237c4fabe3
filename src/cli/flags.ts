import type { ArgsDef, CommandDef } from "citty"
import { nearest } from "../core/nearest.ts"
import { EXIT, fail } from "./exit.ts"

/** A mistyped flag is an error: silently ignored it would look as if it had worked. */
export function rejectUnknownFlags(command: CommandDef, args: readonly string[]): void {
  // Subcommands have flags of their own, and are asked themselves.
  if (command.subCommands) return
  const known = flagNames((command.args ?? {}) as ArgsDef)
  for (const arg of args) {
    if (arg === "--") return
    if (!/^--?[a-z]/i.test(arg)) continue
    const flag = arg.replace(/=.*$/s, "")
    const plain = flag.replace(/^--no-/, "--")
    if (known.includes(flag) || known.includes(plain)) continue
    const [near] = nearest(flag, known)
    const hint = near ? `Did you mean \`${near}\`?` : `There is ${known.join(", ") || "none"}.`
    fail(EXIT.usage, `there is no flag \`${flag}\` here. ${hint}`)
  }
}

function flagNames(args: ArgsDef): string[] {
  return Object.entries(args).flatMap(([name, { type, ...rest }]) => {
    if (type === "positional") return []
    const aliases = "alias" in rest && rest.alias ? [rest.alias].flat() : []
    return [name, ...aliases].map((each) => (each.length === 1 ? `-${each}` : `--${each}`))
  })
}
