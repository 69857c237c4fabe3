#!/usr/bin/env bun
import { type CommandDef, defineCommand, renderUsage, runCommand } from "citty"
import { nearest } from "../core/nearest.ts"
import { VERSION } from "../core/version.ts"
import { ensureCapacity } from "./capacity.ts"
import { EXIT, fail } from "./exit.ts"
import { rejectUnknownFlags } from "./flags.ts"

/** Loaded when they are used: each has much behind it. */
const commands = {
  serve() {
    // Before anything else is loaded: it may start this process anew.
    ensureCapacity()
    return import("./serve.ts").then((module) => module.serveCommand)
  },
  init: () => import("./init.ts").then((module) => module.initCommand),
  check: () => import("./check.ts").then((module) => module.checkCommand),
  usage: () => import("./usage.ts").then((module) => module.usageCommand),
  config: () => import("./config-schema.ts").then((module) => module.configCommand),
  explain: () => import("./explain.ts").then((module) => module.explainCommand),
  health: () => import("./health.ts").then((module) => module.healthCommand),
  simulate: () => import("./simulate.ts").then((module) => module.simulateCommand),
}

type CommandName = keyof typeof commands

const main = defineCommand({
  meta: {
    name: "llmrouter",
    version: VERSION,
    description: "One executable between your programs and their LLM providers",
  },
  subCommands: commands,
})

const EXAMPLES = `
Without a command it serves.

Examples:
  llmrouter init              writes a config to begin with
  llmrouter --port 9000       serves on another port
  llmrouter check             finds every mistake in the config
  llmrouter usage --since 24h
`

// The type of a command is that of its arguments; here any command will do.
const root = main as unknown as CommandDef

async function help(command: CommandDef, parent?: CommandDef): Promise<void> {
  const text = `${await renderUsage(command, parent)}\n${parent ? "" : EXAMPLES}`
  const plain = process.stdout.isTTY !== true || process.env["NO_COLOR"]
  process.stdout.write(plain ? Bun.stripANSI(text) : text)
}

async function run(args: string[]): Promise<void> {
  const [first = ""] = args
  if (first === "--version" || first === "-v") {
    process.stdout.write(`${VERSION}\n`)
    return
  }
  if (first === "--help" || first === "-h") {
    await help(root)
    return
  }
  const named = first !== "" && !first.startsWith("-")
  if (named && !(first in commands)) {
    const [near] = nearest(first, Object.keys(commands))
    const hint = near ? `Did you mean \`llmrouter ${near}\`?` : "See `llmrouter --help`."
    fail(EXIT.usage, `there is no command \`${first}\`. ${hint}`)
  }
  const name: CommandName = named ? (first as CommandName) : "serve"
  const command = (await commands[name]()) as unknown as CommandDef
  const rest = named ? args.slice(1) : args
  if (rest.includes("--help") || rest.includes("-h")) {
    await help(command, root)
    return
  }
  rejectUnknownFlags(command, rest)
  await runCommand(command, { rawArgs: rest })
}

run(process.argv.slice(2)).catch((thrown: unknown) => {
  const usage = thrown instanceof Error && thrown.name === "CLIError"
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  fail(usage ? EXIT.usage : EXIT.failed, message)
})
