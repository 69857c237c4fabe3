import { defineCommand } from "citty"
import { configJsonSchema } from "../config/json-schema.ts"

const schema = defineCommand({
  meta: {
    name: "schema",
    description: "Prints the JSON Schema, for editors of configs in JSON and YAML",
  },
  run() {
    process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
  },
})

/** `llmrouter config`. */
export const configCommand = defineCommand({
  meta: { name: "config", description: "What a config can hold" },
  subCommands: { schema },
})
