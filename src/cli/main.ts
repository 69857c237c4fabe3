#!/usr/bin/env bun
import { type CommandDef, defineCommand, renderUsage, runCommand } from "citty"
import { nearest } from "../core/nearest.ts"
import { VERSION } from "../core/version.ts"
import { EXIT, fail } from "./exit.ts"
import { rejectUnknownFlags } from "./flags.ts"

/** Loaded when they are used: each has much behind it. */
const commands = {
  serve: () => import("./serve.ts").then((module) => module.serveCommand),
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
  llmrouter explain fast      says where a request to the group \`fast\` would go, and why
  llmrouter usage --since 24h
`

// The type of a command is that of its arguments; here any command will do.
const root = main as unknown as CommandDef

async function help(command: CommandDef, parent?: CommandDef): Promise<void> {
  const [plain, examples] = await withoutExamples(command)
  const shown: CommandDef = parent ? plain : { ...plain, subCommands: await allWithoutExamples() }
  const text = `${trimmed(await renderUsage(shown, parent))}\n${parent ? examples : EXAMPLES}`
  const colourless = process.stdout.isTTY !== true || process.env["NO_COLOR"]
  process.stdout.write(colourless ? Bun.stripANSI(text) : text)
}

/** Examples stand at the end of a command's description, and are printed at the end of its help. */
async function withoutExamples(
  command: CommandDef,
): Promise<[command: CommandDef, examples: string]> {
  const meta = await (typeof command.meta === "function" ? command.meta() : command.meta)
  const [description = "", examples] = (meta?.description ?? "").split(" Examples:\n")
  const rest = examples === undefined ? "" : `\nExamples:\n${examples}\n`
  return [{ ...command, meta: { ...meta, description } }, rest]
}

async function allWithoutExamples(): Promise<Record<string, CommandDef>> {
  const all: Record<string, CommandDef> = {}
  for (const [name, load] of Object.entries(commands)) {
    const command = await load()
    all[name] = (await withoutExamples(command as unknown as CommandDef))[0]
  }
  return all
}

/** Columns are filled with spaces, also the last one. */
function trimmed(text: string): string {
  return text.replaceAll(/ +$/gm, "").trimEnd()
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
    const inner = (command.subCommands as Record<string, CommandDef> | undefined)?.[rest[0]!]
    await help(inner ?? command, inner ? command : root)
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
