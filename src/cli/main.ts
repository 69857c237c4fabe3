#!/usr/bin/env bun
import { defineCommand, renderUsage, runCommand } from "citty"
import { nearest } from "../core/nearest.ts"
import { VERSION } from "../core/version.ts"
import { EXIT, fail } from "./exit.ts"
import { serveCommand } from "./serve.ts"

/** Loaded when they are used: starting the router should not pay for them. */
const commands = {
  serve: () => Promise.resolve(serveCommand),
  init: () => import("./init.ts").then((module) => module.initCommand),
  check: () => import("./check.ts").then((module) => module.checkCommand),
  usage: () => import("./usage.ts").then((module) => module.usageCommand),
  config: () => import("./config-schema.ts").then((module) => module.configCommand),
  explain: () => import("./explain-code.ts").then((module) => module.explainCommand),
  health: () => import("./health.ts").then((module) => module.healthCommand),
}

type CommandName = keyof typeof commands

const main = defineCommand({
  meta: {
    name: "llmrouter",
    version: VERSION,
    description:
      "One executable between your programs and their LLM providers.\n\n" +
      "Without a command it serves. Examples:\n" +
      "  llmrouter init            writes a config to begin with\n" +
      "  llmrouter --port 9000     serves on another port\n" +
      "  llmrouter usage --since 24h",
  },
  subCommands: commands,
})

async function run(args: string[]): Promise<void> {
  const [first = ""] = args
  if (first === "--version" || first === "-v") {
    process.stdout.write(`${VERSION}\n`)
    return
  }
  if (first === "--help" || first === "-h") {
    process.stdout.write(`${await renderUsage(main)}\n`)
    return
  }
  const named = first !== "" && !first.startsWith("-")
  if (named && !(first in commands)) {
    const [near] = nearest(first, Object.keys(commands))
    const hint = near ? `Did you mean \`llmrouter ${near}\`?` : "See `llmrouter --help`."
    fail(EXIT.usage, `there is no command \`${first}\`. ${hint}`)
  }
  const name: CommandName = named ? (first as CommandName) : "serve"
  const command = await commands[name]()
  const rest = named ? args.slice(1) : args
  if (rest.includes("--help") || rest.includes("-h")) {
    // biome-ignore lint/suspicious/noExplicitAny: citty's command types are invariant in their arguments
    process.stdout.write(`${await renderUsage(command as any, main as any)}\n`)
    return
  }
  // biome-ignore lint/suspicious/noExplicitAny: as above
  await runCommand(command as any, { rawArgs: rest })
}

run(process.argv.slice(2)).catch((thrown: unknown) => {
  const usage = thrown instanceof Error && thrown.name === "CLIError"
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  fail(usage ? EXIT.usage : EXIT.failed, message)
})
